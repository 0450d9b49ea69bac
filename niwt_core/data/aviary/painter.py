"""Puts brush strokes on a Skia canvas: once in colour, once as flat part numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from niwt_core.data.aviary.curves import Piece, Point
from niwt_core.data.aviary.palette import Color
from niwt_core.data.aviary.skia_import import skia


def paint(canvas: skia.Canvas, pieces: Iterable[Piece]) -> None:
    """Paint in colour, in order."""
    for piece in pieces:
        _stroke(canvas, piece, _brush(piece), smooth=True)


def number(canvas: skia.Canvas, pieces: Iterable[Piece], numbers: Mapping[str, int]) -> None:
    """Paint the shape of every piece whose part has a number, in that number, without soft edges."""
    for piece in pieces:
        if piece.part not in numbers:
            continue
        brush = skia.Paint(AntiAlias=False, Color=skia.Color(numbers[piece.part], 0, 0, 255))
        _outline(brush, piece)
        _stroke(canvas, piece, brush, smooth=False)


def _stroke(canvas: skia.Canvas, piece: Piece, brush: skia.Paint, *, smooth: bool) -> None:
    """The piece's path within its clips; `smooth` softens their edges."""
    canvas.save()
    for path in piece.clips:
        canvas.clipPath(path, doAntiAlias=smooth)
    canvas.drawPath(piece.path, brush)
    canvas.restore()


def ink(color: Color, alpha: float = 1.0) -> int:
    """A colour as Skia wants it."""
    return skia.Color(round(color[0]), round(color[1]), round(color[2]), round(255 * alpha))


def ramp(axis: tuple[Point, Point], colors: list[int]) -> skia.Shader:
    """Colours that follow each other along an axis."""
    points = [skia.Point(end.real, end.imag) for end in axis]
    return skia.GradientShader.MakeLinear(points, colors)


def _brush(piece: Piece) -> skia.Paint:
    brush = skia.Paint(AntiAlias=True, Color=ink(piece.color, piece.alpha))
    if piece.to is not None and piece.axis is not None:
        brush.setShader(ramp(piece.axis, [ink(piece.color), ink(piece.to)]))
    if piece.blur:
        brush.setMaskFilter(skia.MaskFilter.MakeBlur(skia.kNormal_BlurStyle, piece.blur))
    if piece.multiply:
        brush.setBlendMode(skia.BlendMode.kMultiply)
    _outline(brush, piece)
    return brush


def _outline(brush: skia.Paint, piece: Piece) -> None:
    if piece.width:
        brush.setStyle(skia.Paint.kStroke_Style)
        brush.setStrokeWidth(piece.width)
        brush.setStrokeCap(skia.Paint.kRound_Cap)
        brush.setStrokeJoin(skia.Paint.kRound_Join)
