"""Pictures of every kind open as upright RGB, and what is no picture is refused in one line."""

import io
import os
import struct
import subprocess
import sys
import threading
import warnings
import zlib
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from PIL import Image, ImageFile, ImageOps

from niwt_core.errors import NiwtError
from niwt_core.images import MAX_MEMORY, check_image, image_hash, open_image

RED = (200, 30, 40)


def encode(image: Image.Image, kind: str = "PNG", **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def gradient(width: int = 32, height: int = 24) -> Image.Image:
    """A picture that no turn or flip leaves as it is."""
    x, y = np.meshgrid(np.linspace(0, 255, width), np.linspace(0, 255, height))
    return Image.fromarray(np.stack([x, y, (x + y) / 2], axis=-1).astype(np.uint8))  # (H, W, 3)


def mean(image: Image.Image) -> np.ndarray:
    return np.asarray(image, dtype=float).mean(axis=(0, 1))


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds one row of nothing."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(100))), (b"IEND", b""))
    packed = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


def jpeg_header(width: int, height: int) -> bytes:
    """A JPEG that claims a size."""
    data = encode(gradient(), "JPEG")
    frame = data.index(b"\xff\xc0")  # start of frame: length, precision, height, width
    return data[: frame + 5] + struct.pack(">HH", height, width) + data[frame + 9 :]


def bad_files() -> dict[str, bytes]:
    photo = encode(gradient(64, 64), "JPEG")
    return {
        "empty": b"",
        "text": b"this is no picture\n" * 20,
        "truncated JPEG": photo[: len(photo) // 2],
        "truncated PNG": encode(gradient(64, 64))[:200],
        "truncated GIF": encode(gradient(64, 64).quantize(16), "GIF")[:200],
        "header only": photo[:20],
        "30,000 x 30,000 PNG": png_header(30_000, 30_000),
        "30,000 x 30,000 JPEG": jpeg_header(30_000, 30_000),
        "12,000 x 12,000": png_header(12_000, 12_000),
    }


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "CMYK", "YCbCr", "P", "HSV"])
def test_colour_modes_keep_their_colour(mode):
    image = Image.new("RGB", (20, 10), RED).convert(mode)
    opened = open_image(image)
    assert opened.mode == "RGB"
    assert opened.size == (20, 10)
    np.testing.assert_allclose(mean(opened), RED, atol=3)


@pytest.mark.parametrize(("mode", "value"), [("1", 1), ("L", 255), ("LA", (255, 255))])
def test_grey_modes(mode, value):
    np.testing.assert_array_equal(mean(open_image(Image.new(mode, (4, 4), value))), [255, 255, 255])


@pytest.mark.parametrize("kind_mode", ["JPEG CMYK", "JPEG L", "TIFF CMYK", "WEBP RGBA", "PNG P"])
def test_files_of_many_modes(kind_mode):
    kind, mode = kind_mode.split()
    opened = open_image(encode(gradient().convert(mode), kind))
    assert (opened.mode, opened.size) == ("RGB", (32, 24))
    expected = gradient().convert("L").convert("RGB") if mode == "L" else gradient()
    np.testing.assert_allclose(mean(opened), mean(expected), atol=12)  # a palette of 256 and JPEG both cost a little


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparency_is_laid_over_white(mode):
    clear = Image.new(mode, (8, 8), (0,) * len(mode))
    np.testing.assert_array_equal(mean(open_image(encode(clear))), [255, 255, 255])
    half = Image.new("RGBA", (8, 8), (0, 0, 0, 128))
    np.testing.assert_allclose(mean(open_image(encode(half))), [127] * 3, atol=1)


@pytest.mark.parametrize("mode", ["P", "L", "RGB"])
def test_a_transparent_colour_is_white(mode):
    image = Image.new(mode, (8, 8), (9, 9, 9) if mode == "RGB" else 9)
    if mode == "P":
        image.putpalette([50] * 768)
    data = encode(image, transparency=(9, 9, 9) if mode == "RGB" else 9)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_array_equal(mean(open_image(data)), [255, 255, 255])


@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
def test_sixteen_bit_pictures_are_scaled_not_clipped(bits):
    ramp = np.linspace(0, 2**bits - 1, 64 * 64).reshape(64, 64).astype(np.uint16)
    opened = np.asarray(open_image(encode(Image.fromarray(ramp))))[..., 0].astype(float)
    np.testing.assert_allclose(opened, ramp / (2**bits - 1) * 255, atol=0.51)


def test_a_sixteen_bit_picture_equals_its_eight_bit_original():
    grey = np.asarray(gradient().convert("L"))
    wide = Image.fromarray(grey.astype(np.uint16) * 257)
    np.testing.assert_array_equal(np.asarray(open_image(encode(wide, "TIFF")))[..., 0], grey)


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (0.0, 255.0), (-3.0, 5.0), (0.0, 1e6)])
def test_float_pictures_are_scaled(low, high):
    ramp = np.linspace(low, high, 256, dtype=np.float32).reshape(16, 16)
    opened = np.asarray(open_image(encode(Image.fromarray(ramp), "TIFF")))[..., 0]
    np.testing.assert_allclose(opened.ravel(), np.arange(256), atol=1)


def test_float_pictures_with_nan_and_flat_ones_open():
    assert open_image(Image.fromarray(np.full((4, 4), np.nan, dtype=np.float32))).getpixel((0, 0)) == (0, 0, 0)
    assert open_image(Image.fromarray(np.full((4, 4), 7, dtype=np.int32))).getpixel((0, 0)) == (7, 7, 7)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encode(gradient(), "JPEG", exif=exif, quality=95)
    with Image.open(io.BytesIO(data)) as image:
        expected = np.asarray(ImageOps.exif_transpose(image).convert("RGB"))
    np.testing.assert_array_equal(np.asarray(open_image(data)), expected)
    assert (open_image(data).size == (24, 32)) == (orientation >= 5)


def test_a_wrong_exif_block_does_not_cost_the_picture():
    data = encode(gradient(), "JPEG", exif=b"Exif\x00\x00II*\x00\xff\xff\xff\xff\xff\xff")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert open_image(data).size == (32, 24)


def test_first_frame_of_an_animation():
    frames = [Image.new("RGB", (8, 8), colour) for colour in (RED, (0, 255, 0), (0, 0, 255))]
    data = encode(frames[0], "GIF", save_all=True, append_images=frames[1:])
    np.testing.assert_allclose(mean(open_image(data)), RED, atol=4)


def test_large_jpeg_decodes_at_a_fraction(tmp_path):
    path = tmp_path / "large.jpg"
    gradient(2400, 1600).save(path)
    small = open_image(path, at_least=224)
    assert small.size == (1200, 800)  # a quarter would be 400 high, less than twice 224
    assert open_image(path, at_least=100).size == (300, 200)
    assert open_image(path).size == open_image(path, at_least=1600).size == (2400, 1600)
    reference = np.asarray(open_image(path).resize((60, 40), Image.Resampling.BILINEAR), dtype=float)
    np.testing.assert_allclose(np.asarray(small.resize((60, 40), Image.Resampling.BILINEAR)), reference, atol=2)
    gradient(600, 400).save(tmp_path / "large.png")
    assert open_image(tmp_path / "large.png", at_least=10).size == (600, 400)


def test_every_kind_of_source(tmp_path):
    path = tmp_path / "picture.png"
    gradient().save(path)
    data, expected = path.read_bytes(), np.asarray(gradient())
    upload = io.BytesIO(data)
    upload.read()  # as a browser's upload that was looked at before
    with path.open("rb") as handle:
        for source in (path, str(path), data, upload, handle, gradient()):
            np.testing.assert_array_equal(np.asarray(open_image(source)), expected)
        assert not handle.closed


def test_a_pillow_image_is_left_as_it_is():
    exif = Image.Exif()
    exif[0x0112] = 6
    image = Image.open(io.BytesIO(encode(gradient(), "JPEG", exif=exif)))
    opened = open_image(image)
    assert image.size == (32, 24)
    assert opened.size == (24, 32)
    plain = gradient()
    open_image(plain).putpixel((0, 0), (1, 2, 3))
    assert plain.getpixel((0, 0)) == (0, 0, 0)


@pytest.mark.parametrize("name", bad_files())
def test_what_is_no_picture_is_refused_in_one_line(name, tmp_path):
    path = tmp_path / "picture.jpg"
    path.write_bytes(bad_files()[name])
    for source, where in ((path, str(path)), (bad_files()[name], "")):
        with pytest.raises(NiwtError, match="cannot read the picture") as caught:
            open_image(source)
        message = str(caught.value)
        assert where in message
        assert "\n" not in message
        assert caught.value.fix


def test_a_huge_header_is_refused_without_decoding():
    for header in (png_header, jpeg_header):
        with pytest.raises(NiwtError, match="too large"):
            open_image(header(30_000, 30_000))
        with pytest.raises(NiwtError, match="12000 x 12000 pixels is too large"):
            open_image(header(12_000, 12_000))
    with pytest.raises(NiwtError, match="too large"):
        open_image(gradient(), max_pixels=100)


def test_missing_and_folder(tmp_path):
    with pytest.raises(NiwtError, match="no such file"):
        open_image(tmp_path / "none.jpg")
    with pytest.raises(NiwtError, match="it is a folder"):
        open_image(tmp_path)
    with pytest.raises(NiwtError, match="0 x 5"):
        open_image(Image.new("RGB", (0, 5)))


def test_check_reads_the_header_only(tmp_path):
    path = tmp_path / "picture.png"
    path.write_bytes(encode(gradient())[:-30])  # damaged further in
    assert check_image(path) == (32, 24)
    with pytest.raises(NiwtError, match="damaged"):
        open_image(path)


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="counts open files through /proc")
def test_no_file_stays_open(tmp_path):
    paths = [tmp_path / f"{i}.jpg" for i in range(len(bad_files()) + 1)]
    for path, data in zip(paths, [*bad_files().values(), encode(gradient(), "JPEG")], strict=True):
        path.write_bytes(data)
    before = len(os.listdir("/proc/self/fd"))
    kept = []
    for path in paths:
        try:
            kept.append(open_image(path))
        except NiwtError as error:
            kept.append(error)  # its traceback must not hold the file open either
    assert len(os.listdir("/proc/self/fd")) == before


def test_pillow_and_warnings_are_left_as_they_were():
    before = (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES, list(warnings.filters))
    data = encode(gradient())
    threads = [threading.Thread(target=lambda: [open_image(data) for _ in range(50)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with pytest.raises(NiwtError):
        open_image(png_header(30_000, 30_000))
    assert (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES, list(warnings.filters)) == before


def test_hash_is_of_the_bytes():
    assert image_hash(b"a") == image_hash(b"a") != image_hash(b"b")
    assert len(image_hash(b"")) == 16


def test_real_photographs_open(shared_data):
    for path in sorted((shared_data / "probe-photos").glob("*.jpg"))[:20]:
        assert open_image(path).size == (224, 224)


MEASURED = """
import resource, sys, time
import numpy, PIL.Image
from niwt_core.images import open_image
from niwt_core.errors import NiwtError
PIL.Image.init()
before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
try:
    size = open_image(sys.argv[1], at_least=512).size
except NiwtError as error:
    size = str(error)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before, size)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in kilobytes there")
@pytest.mark.parametrize("case", ["16 bit", "RGB", "RGBA", "palette", "progressive", "turned", "webp", "float"])
def test_the_largest_pictures_take_bounded_memory(tmp_path, case):
    """100 megapixels in a small file, or as much as its kind allows: at most 512 MB beside what Python holds anyway."""
    side = 10_000
    path = tmp_path / "large.png"
    if case == "16 bit":
        Image.fromarray(np.full((side, side), 30_000, np.uint16)).save(path, compress_level=1)
    elif case == "RGBA":
        Image.new("RGBA", (side, side), (1, 2, 3, 200)).save(path, compress_level=1)
    elif case == "palette":
        Image.new("P", (side, side), 3).save(path, compress_level=1)
    elif case == "progressive":
        path = tmp_path / "large.jpg"
        Image.new("RGB", (side, side), RED).save(path, progressive=True)
    elif case == "turned":
        path, exif = tmp_path / "large.jpg", Image.Exif()
        exif[0x0112] = 6
        Image.new("RGB", (side, side // 2), RED).save(path, exif=exif)
    elif case == "webp":
        path = tmp_path / "large.webp"
        Image.new("RGB", (side, 6000), RED).save(path, method=0)
    elif case == "float":
        path = tmp_path / "large.tif"
        Image.fromarray(np.ones((7000, 7000), np.float32)).save(path, compression="tiff_lzw")
    else:
        Image.new("RGB", (side, side), RED).save(path, compress_level=1)
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, str(path)], capture_output=True, text=True, cwd=Path(__file__).parents[1]
    )
    assert done.returncode == 0, done.stderr
    kilobytes = int(done.stdout.split()[0])
    assert kilobytes * 1024 < MAX_MEMORY, done.stdout
    assert case in ("progressive", "webp") or "too large" not in done.stdout, done.stdout


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "P", "I;16", "F", "CMYK", "1"])
def test_a_picture_in_strips_is_the_picture(mode, monkeypatch):
    """What is averaged down strip by strip is what is converted whole and averaged then."""
    image = gradient(403, 301).convert("L" if mode in ("I;16", "F") else mode)
    if mode == "I;16":
        image = Image.fromarray(np.asarray(image).astype(np.uint16) * 257)
    elif mode == "F":
        image = Image.fromarray(np.asarray(image).astype(np.float32) / 255)
    data = encode(image, "TIFF")
    reference = open_image(data)
    monkeypatch.setattr("niwt_core.images.LARGE", 100)
    monkeypatch.setattr("niwt_core.images.STRIP", 3000)
    small = open_image(data, at_least=50)
    assert small.size == (135, 101)
    np.testing.assert_array_equal(np.asarray(small), np.asarray(reference.reduce(3)))


def heic(image: Image.Image, orientation: int = 1) -> bytes:
    """As a telephone writes it."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    buffer = io.BytesIO()
    pillow_heif.from_pillow(image).save(buffer, quality=95, exif=exif.tobytes())
    return buffer.getvalue()


@pytest.mark.parametrize("orientation", [1, 6])
def test_heic_of_a_telephone_opens_upright(orientation, tmp_path):
    expected = ImageOps.exif_transpose(
        Image.open(io.BytesIO(encode(gradient(64, 48), "JPEG", exif=_exif(orientation))))
    )
    file = tmp_path / "IMG_0001.HEIC"
    file.write_bytes(heic(gradient(64, 48), orientation))
    opened = open_image(file)
    assert opened.mode == "RGB"
    assert opened.size == expected.size == ((48, 64) if orientation == 6 else (64, 48))
    assert np.abs(np.asarray(opened, float) - np.asarray(expected, float)).mean() < 6
    assert check_image(file) == opened.size


def test_damaged_heic_is_refused_in_one_line():
    data = heic(gradient(64, 48))
    with pytest.raises(NiwtError, match="cannot read the picture"):
        open_image(data[: len(data) // 2])


def _exif(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif.tobytes()
