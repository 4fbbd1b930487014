"""Calls as programs, READMEs and documentations spell them: each is read, by whom it is."""

import pytest
from click.testing import CliRunner

from halfpixel.checking.called import called
from halfpixel.checking.comparing.compare import compare
from halfpixel.checking.explain import explain
from halfpixel.cli.main import cli
from halfpixel.convention import load_conventions
from halfpixel.errors import UsageError

TORCH, TF, CV, PIL = "PyTorch F.interpolate", "TensorFlow", "OpenCV", "Pillow"
VISION = "torchvision (tensors)"
OV = "OpenVINO"

SPELLINGS = [
    # a text, whose call it is, and a plainer call of the same
    ("torch.nn.functional.interpolate(input, size=(6, 9), mode='bicubic', antialias=True)", TORCH,
     "F.interpolate(x, size=(6, 9), mode='bicubic', antialias=True)"),
    ("nn.functional.interpolate(x, size=(6, 9), mode='nearest')", TORCH,
     "F.interpolate(x, size=(6, 9))"),
    ("torch.nn.Upsample(scale_factor=2, mode='nearest')", TORCH,
     "F.interpolate(x, scale_factor=2)"),
    ("nn.Upsample(scale_factor=2, mode='bilinear')(x)", TORCH,
     "F.interpolate(x, scale_factor=2, mode='bilinear')"),
    ("interpolate(x, scale_factor=2)", TORCH, "F.interpolate(x, scale_factor=2)"),
    ("F.interpolate(x, size=y.shape[2:], mode='bilinear')", TORCH,
     "F.interpolate(x, size=size, mode='bilinear')"),
    ("out = F.interpolate(x, scale_factor=2)", TORCH, "F.interpolate(x, scale_factor=2)"),
    ("F.interpolate(img.unsqueeze(0), size=(6, 9)).squeeze(0)", TORCH,
     "F.interpolate(x, size=(6, 9))"),
    ("torch.sigmoid(F.interpolate(x, size=(6, 9)))", TORCH, "F.interpolate(x, size=(6, 9))"),
    ("import cv2\nimg = cv2.resize(img, (9, 6))", CV, "cv2.resize(x, (9, 6))"),
    ("cv.resize(img, None, fx=2, fy=2, interpolation = cv.INTER_CUBIC)", CV,
     "cv2.resize(x, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)"),
    ("cv2.resize(src=img, dsize=(9, 6), interpolation=1)", CV, "cv2.resize(x, (9, 6))"),
    ("cv2.cvtColor(cv2.resize(img, (9, 6)), cv2.COLOR_BGR2RGB)", CV, "cv2.resize(x, (9, 6))"),
    ("cv2.resize(img, (9, 6), 0, 0, cv2.INTER_CUBIC)", CV, "cv2.resize(x, (9, 6))"),
    ("cv::resize(src, dst, cv::Size(9, 6), 0, 0, cv::INTER_AREA);", CV,
     "cv2.resize(x, (9, 6), interpolation=cv2.INTER_AREA)"),
    ("cv::resize(src, dst, Size(), 0.5, 0.5, INTER_AREA);", CV,
     "cv2.resize(x, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)"),
    ("cv.resize(src, dst, new cv.Size(9, 6), 0, 0, cv.INTER_AREA);", CV,
     "cv2.resize(x, (9, 6), interpolation=cv2.INTER_AREA)"),
    ("PIL.Image.resize(img, (9, 6))", PIL, "img.resize((9, 6))"),
    ("PIL.Image.Image.resize(img, (9, 6), PIL.Image.BOX)", PIL, "img.resize((9, 6), Image.BOX)"),
    ("Image.Image.resize(img, size=(9, 6))", PIL, "img.resize((9, 6))"),
    ("Image.resize((9, 6), Image.BILINEAR)", PIL, "img.resize((9, 6), 2)"),
    ("Image.resize(size, Image.BILINEAR)", PIL, "img.resize(size, 2)"),
    ("im.resize((9, 6), Image.Resampling.BICUBIC)", PIL, "im.resize((9, 6), resample=3)"),
    ("im.resize((9, 6), resample=Image.ANTIALIAS)", PIL, "im.resize((9, 6), Image.LANCZOS)"),
    ("Image.open(path).convert('RGB').resize((9, 6))", PIL, "im.resize((9, 6))"),
    ("np.array(img.resize((9, 6), Image.BOX), dtype=np.float32) / 255.0", PIL,
     "im.resize((9, 6), Image.BOX)"),
    ("PIL.Image.Image.reduce(img, 2)", PIL, "img.reduce(2)"),
    ("tf.image.resize(image, [6, 9])", TF, "tf.image.resize(x, (6, 9), 'bilinear')"),
    ("tf.image.resize(images, (6, 9), method=tf.image.ResizeMethod.BICUBIC)", TF,
     "tf.image.resize(x, (6, 9), method='bicubic')"),
    ("tensorflow.image.resize(x, (6, 9))", TF, "tf.image.resize(x, (6, 9))"),
    ("tf.image.resize_bilinear(images, [6, 9], align_corners=True)", TF,
     "tf.compat.v1.image.resize_bilinear(x, (6, 9), align_corners=True)"),
    ("tf.image.resize_images(images, [6, 9])", TF,
     "tf.compat.v1.image.resize_bilinear(x, (6, 9))"),
    ("tf.image.resize_nearest_neighbor(images, [6, 9])", TF,
     "tf.compat.v1.image.resize_nearest_neighbor(x, (6, 9))"),
    ("tf.compat.v1.image.resize(x, [6, 9], method=tf.compat.v1.image.ResizeMethod.AREA)", TF,
     "tf.compat.v1.image.resize_area(x, (6, 9))"),
    ("tf.raw_ops.ResizeBicubic(images=x, size=[6, 9], half_pixel_centers=True)", TF,
     "tf.image.resize(x, (6, 9), method='bicubic')"),
    ("tf.raw_ops.ResizeNearestNeighbor(images=x, size=[6, 9])", TF,
     "tf.compat.v1.image.resize_nearest_neighbor(x, (6, 9))"),
    ("ops.image.resize(x, (6, 9))", "Keras 3", "keras.ops.image.resize(x, (6, 9))"),
    ("tf.keras.layers.UpSampling2D(size=(2, 2), interpolation='bilinear')", "Keras 3",
     "keras.layers.UpSampling2D(2, interpolation='bilinear')"),
    ("jax.image.resize(image, shape=(6, 9, 3), method='cubic')", "JAX",
     "jax.image.resize(x, (6, 9), 'bicubic')"),
    ("jax.image.resize(x, (1, 6, 9, 3), method=jax.image.ResizeMethod.LANCZOS3)", "JAX",
     "jax.image.resize(x, (6, 9), 'lanczos3')"),
    ("image.resize(x, (6, 9), 'linear')", "JAX", "jax.image.resize(x, (6, 9), 'bilinear')"),
    ("T.Resize((6, 9), antialias=True)", VISION,
     "torchvision.transforms.functional.resize(x, [6, 9], antialias=True)"),
    ("transforms.Resize((6, 9), interpolation=InterpolationMode.BICUBIC)", VISION,
     "torchvision.transforms.functional.resize(x, [6, 9], interpolation=3)"),
    ("v2.functional.resize(img, [6, 9], interpolation=v2.InterpolationMode.BICUBIC)", VISION,
     "torchvision.transforms.functional.resize(x, [6, 9], interpolation=3)"),
    ("TF.resize(img, [6, 9])", VISION, "torchvision.transforms.functional.resize(x, [6, 9])"),
    ("transform.resize(image, (6, 9), order=3)", "scikit-image",
     "skimage.transform.resize(x, (6, 9), order=3)"),
    ("rescale(image, 0.25, anti_aliasing=False)", "scikit-image",
     "skimage.transform.rescale(x, 0.25, anti_aliasing=False)"),
    ("zoom(x, 2, order=1)", "SciPy", "scipy.ndimage.zoom(x, 2, order=1)"),
    ("ndi.zoom(x, (2, 2), order=1)", "SciPy", "scipy.ndimage.zoom(x, 2, order=1)"),
    ("albumentations.Resize(height=6, width=9, interpolation=cv2.INTER_AREA)", "albumentations",
     "A.Resize(6, 9, interpolation=3)"),
    ("kornia.geometry.transform.resize(img, (6, 9))", "kornia",
     "kornia.geometry.resize(x, (6, 9))"),
    ("paddle.nn.functional.interpolate(x=x, size=[6, 9], mode='bilinear')", "Paddle",
     "paddle.nn.functional.interpolate(x, [6, 9], mode='bilinear')"),
    ("mx.sym.contrib.BilinearResize2D(x, height=6, width=9)", "MXNet",
     "mx.nd.contrib.BilinearResize2D(x, height=6, width=9)"),
    ("imresize(A, [6 9])", "MATLAB", "imresize(A, [6, 9])"),
    ('J = imresize(I,[6 9],"bilinear");', "MATLAB", "imresize(A, [6, 9], 'bilinear')"),
    ("imresize(A, 'OutputSize', [6 9], 'Method', 'box')", "MATLAB",
     "imresize(A, [6, 9], 'box')"),
    ("imresize(A, [2*h w/2])", "MATLAB", "imresize(A, [h, w])"),
    ("ov.opset11.interpolate(x, [6, 9], 'cubic', 'sizes')", OV,
     "ov.opset11.interpolate(x, [6, 9], 'cubic', 'sizes', axes=[2, 3])"),
    ("ov.opset11.interpolate(x, [1, 3, 6, 9], 'cubic', 'sizes')", OV,
     "ov.opset11.interpolate(x, [6, 9], 'cubic', 'sizes', axes=[2, 3])"),
    ("opset10.interpolate(x, [6, 9], [2.0, 2.0], 'linear_onnx', 'scales', axes=[2, 3])", OV,
     "ov.opset11.interpolate(x, [2.0, 2.0], 'linear_onnx', 'scales', axes=[2, 3])"),
    ("openvino.runtime.opset11.interpolate(x, [2.0, 2.0], 'nearest', 'scales', axes=[2, 3])", OV,
     "ov.opset11.interpolate(x, [2.0, 2.0], 'nearest', 'scales', axes=[2, 3])"),
    ('onnx.helper.make_node("Resize", inputs=["X", "", "s"], outputs=["Y"], mode="linear")',
     "ONNX Resize-19", "Resize(mode=linear)"),
    ('op.Resize(x, None, None, sizes, mode="cubic")', "ONNX Resize-19", "Resize(mode=cubic)"),
    ("builder.resample2d(input, {sizes: [6, 9]})", "WebNN",
     "builder.resample2d(x, {mode: 'nearest-neighbor', sizes: [6, 9]})"),
]  # fmt: skip
"""As a library's own pages and users write them."""


@pytest.mark.parametrize(("text", "name", "plain"), SPELLINGS, ids=[one[0] for one in SPELLINGS])
def test_a_call_is_read_as_it_is_spelled(text: str, name: str, plain: str) -> None:
    found, wanted = called(text), called(plain)
    assert (found.name, wanted.name) == (name, name)
    assert found.reading is not None
    assert wanted.reading is not None
    assert found.reading.lengths == wanted.reading.lengths
    assert found.reading.samplings == wanted.reading.samplings


def test_a_spelling_is_compared_too() -> None:
    assert compare("J = imresize(I, [6 9]);", "imresize(x, [6, 9])")
    assert compare("y = cv2.resize(x, (9, 6))", "cv::resize(x, y, cv::Size(9, 6));")


def test_axes_are_all_where_openvino_is_told_none() -> None:
    for values, count in (("[6]", 1), ("[6, 9]", 2), ("[3, 6, 9]", 3), ("[1, 3, 6, 9]", 2)):
        reading = called(f"ov.opset11.interpolate(x, {values}, 'linear_onnx', 'sizes')").reading
        assert reading is not None
        assert len(reading.samplings) == count


@pytest.mark.parametrize(
    ("call", "told"),
    [
        ("tf.image.resize(x, (6, 9), method='bicubic')", True),
        ("tf.compat.v1.image.resize_bicubic(x, (6, 9))", True),
        ("tf.image.resize(x, (6, 9), method='bicubic', antialias=True)", False),
        ("tf.image.resize(x, (6, 9))", False),
    ],
)
def test_a_table_of_weights_is_told_of_the_calls_that_have_one(call: str, *, told: bool) -> None:
    assert ("1024 positions" in "\n".join(explain(call))) == told


@pytest.mark.parametrize("before", ["", "0, ", "0, 0, "])
def test_an_interpolation_in_the_place_of_another_argument_is_told(before: str) -> None:
    text = "\n".join(explain(f"cv2.resize(x, (9, 6), {before}cv2.INTER_AREA)"))
    assert "stands in the place of dst, fx or fy" in text
    assert "kernel: linear" in text


def test_a_call_that_is_not_known_has_a_few_near_it() -> None:
    with pytest.raises(UsageError) as raised:
        called("cv2.resise(x, (6, 9))")
    line = str(raised.value)
    assert "did you mean one of cv2.resize, " in line
    assert "'halfpixel explain --list' names all" in line
    assert len(line) < 200


def test_the_whole_list_is_told() -> None:
    found = CliRunner().invoke(cli, ["explain", "--list"])
    assert found.exit_code == 0
    assert all(f"{one.name}: " in found.output for one in load_conventions())


def test_an_aspect_ratio_of_matlab_is_refused() -> None:
    with pytest.raises(UsageError, match="a length is NaN"):
        called("imresize(A, [60 NaN])")
