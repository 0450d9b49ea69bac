"""The lesson in words: what its head may say, and that it teaches neurons."""

import torch

from niwt_core.backbones import load_backbone
from niwt_core.word_head import Lesson, WordHead
