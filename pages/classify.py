"""Classify and explain: drop in pictures, get all classes ranked together, then ask why."""

import streamlit as st

from niwt_core.attribution import METHODS, class_map
from niwt_core.report.fragments import best_places, rank_row
from niwt_core.report.figures import METHOD_NAMES, sized_square
from pages.components import answers, intake, results, session, style, why
from pages.components.tray import tray
