"""What to write in one library for a call of another: equalities that are asked for most.

`tests/docs/test_conventions.py` holds each to the exact weights, and to both libraries where they
are installed. A call has ``{h}`` and ``{w}`` for its output lengths.
"""

from typing import Final, Literal

from msgspec import Struct

Where = Literal["any", "shrinking", "enlarging", "alike", "whole", "halving"]

WORDS: Final[dict[Where, str]] = {
    "any": "every length",
    "shrinking": "no axis is enlarged",
    "enlarging": "no axis shrinks",
    "alike": "no axis is enlarged, or none shrinks",
    "whole": "every axis shrinks by a whole factor",
    "halving": "every axis is halved",
}
"""Where two calls are equal, in words."""


class Recipe(Struct, frozen=True):
    """Two calls that are equal.

    Attributes:
        a: a call.
        b: what is written instead.
        where: at which lengths.
        beside: what differs beside the weights.
        ties: floats of a library may fall short of a tie: the pixel before is read.
        within: by how much the results of an image of 0 to 1 may be apart, by what is `beside`.
    """

    a: str
    b: str
    where: Where = "any"
    beside: str = ""
    ties: bool = False
    within: float = 1e-5

    @property
    def words(self) -> str:
        """Where they are equal."""
        return WORDS[self.where]

    def at(self, *axes: tuple[int, int]) -> bool:
        """Whether they are equal at input and output lengths of the axes.

        >>> Recipe("a", "b", "whole").at((6, 3)), Recipe("a", "b", "alike").at((7, 3), (3, 7))
        (True, False)
        """
        shrinks = all(n_in >= n_out for n_in, n_out in axes)
        grows = all(n_in <= n_out for n_in, n_out in axes)
        match self.where:
            case "any":
                return True
            case "shrinking":
                return shrinks
            case "enlarging":
                return grows
            case "alike":
                return shrinks or grows
            case "whole":
                return all(n_in % n_out == 0 for n_in, n_out in axes)
            case "halving":
                return all(n_in == 2 * n_out for n_in, n_out in axes)


def shown(text: str) -> str:
    """Return a call as the page has it.

    >>> shown("cv2.resize(x, ({w}, {h}))")
    'cv2.resize(x, (width, height))'
    """
    return text.replace("{h}", "height").replace("{w}", "width")


def _cv2(name: str) -> str:
    return f"cv2.resize(x, ({{w}}, {{h}}), interpolation=cv2.INTER_{name})"


def _pillow(name: str) -> str:
    return f"Image.fromarray(x).resize(({{w}}, {{h}}), Image.{name})"


def _torch(mode: str, more: str = "") -> str:
    return f'F.interpolate(x, size=({{h}}, {{w}}), mode="{mode}"{more})'


def _tf(method: str, more: str = "") -> str:
    return f'tf.image.resize(x, ({{h}}, {{w}}), method="{method}"{more})'


def _jax(method: str, more: str = "") -> str:
    return f'jax.image.resize(x, ({{h}}, {{w}}), "{method}"{more})'


def _keras(method: str, more: str = "") -> str:
    return f'keras.ops.image.resize(x, ({{h}}, {{w}}), "{method}"{more})'


def _skimage(more: str) -> str:
    return f"skimage.transform.resize(x, ({{h}}, {{w}}), {more}, anti_aliasing=False)"


def _zoom(more: str) -> str:
    return f"ndimage.zoom(x, ({{h}} / x.shape[0], {{w}} / x.shape[1]), {more})"


def _kornia(mode: str) -> str:
    return f'kornia.geometry.resize(x, ({{h}}, {{w}}), "{mode}")'


def _albumentations(name: str) -> str:
    return f"A.Resize({{h}}, {{w}}, interpolation=cv2.INTER_{name})"


def _torchvision(mode: str) -> str:
    called = "torchvision.transforms.v2.functional.resize"
    return f"{called}(x, [{{h}}, {{w}}], InterpolationMode.{mode}{SMOOTH})"


def _openvino(mode: str, more: str = "") -> str:
    return f'ov.opset11.interpolate(x, [{{h}}, {{w}}], "{mode}", "sizes"{more}, axes=[2, 3])'


def _litert(operator: str, more: str = "") -> str:
    return f"{operator}(x, size=({{h}}, {{w}}){more})"


def _paddle(mode: str, more: str = "") -> str:
    return f'paddle.nn.functional.interpolate(x, size=[{{h}}, {{w}}], mode="{mode}"{more})'


def _ncnn(kind: int, more: str = "") -> str:
    return f"ncnn.Interp(x, resize_type={kind}, output_height={{h}}, output_width={{w}}{more})"


SMOOTH: Final = ", antialias=True"
PLAIN: Final = ", antialias=False"
HALF: Final = ", half_pixel_centers=True"
CORNERS: Final = ", align_corners=True"
BYTES: Final = "Pillow rounds bytes after each axis"
BLURS: Final = "kornia's antialias=True blurs by a Gaussian before, and is not F.interpolate's"
TABLE: Final = "TensorFlow takes the weights from a table of 1024 distances to a pixel"
TIES: Final = "on a tie, floats of a library may read the pixel before"
OVER: Final = "Pillow rounds bytes after each axis, and cuts off what overshoots"

RECIPES: Final = (
    Recipe(_pillow("BILINEAR"), _torch("bilinear", SMOOTH), "any", BYTES),
    Recipe(_pillow("BICUBIC"), _torch("bicubic", SMOOTH), "any", OVER),
    Recipe(_pillow("BILINEAR"), _tf("bilinear", SMOOTH), "any", BYTES),
    Recipe(_pillow("BICUBIC"), _tf("bicubic", SMOOTH), "any", OVER),
    Recipe(_pillow("BILINEAR"), _cv2("LINEAR"), "enlarging", BYTES),
    Recipe(_pillow("NEAREST"), _cv2("NEAREST_EXACT"), "any", TIES, ties=True),
    Recipe(_pillow("NEAREST"), _torch("nearest-exact"), "any", TIES, ties=True),
    Recipe(_pillow("NEAREST"), _tf("nearest"), "any", TIES, ties=True),
    Recipe(_pillow("BOX"), _cv2("AREA"), "whole", BYTES),
    Recipe(_pillow("BOX"), _torch("area"), "whole", BYTES),
    Recipe(_cv2("AREA"), _torch("area"), "whole"),
    Recipe(_cv2("AREA"), _tf("area"), "alike"),
    Recipe(_cv2("AREA"), "F.adaptive_avg_pool2d(x, ({h}, {w}))", "whole"),
    Recipe(_cv2("AREA"), _cv2("LINEAR"), "halving"),
    Recipe(_cv2("LINEAR"), _torch("bilinear"), "any", "OpenCV computes bytes in fixed point"),
    Recipe(_cv2("CUBIC"), _torch("bicubic"), "any", "OpenCV computes bytes in fixed point"),
    Recipe(_cv2("NEAREST"), _torch("nearest"), "any", TIES, ties=True),
    Recipe(_cv2("NEAREST_EXACT"), _torch("nearest-exact"), "any", TIES, ties=True),
    Recipe(_cv2("LINEAR"), _tf("bilinear"), "any", "OpenCV computes bytes in fixed point"),
    Recipe(_tf("bilinear"), _torch("bilinear")),
    Recipe(_tf("bicubic"), _torch("bicubic", SMOOTH), "enlarging", TABLE, within=2e-3),
    Recipe(
        "tf.compat.v1.image.resize_bilinear(x, ({h}, {w}), align_corners=True)",
        _torch("bilinear", CORNERS),
    ),
    Recipe("tf.compat.v1.image.resize_nearest_neighbor(x, ({h}, {w}))", _torch("nearest")),
    Recipe(_torch("bilinear"), _torch("bilinear", SMOOTH), "enlarging"),
    Recipe(_torch("bilinear", SMOOTH), _torchvision("BILINEAR")),
    Recipe(_pillow("BILINEAR"), _torchvision("BILINEAR"), "any", BYTES),
    Recipe(_pillow("BICUBIC"), _torchvision("BICUBIC"), "any", OVER),
    Recipe(_pillow("LANCZOS"), _torch("lanczos", SMOOTH), "any", OVER),
    Recipe(_pillow("LANCZOS"), _tf("lanczos3", SMOOTH), "any", OVER),
    Recipe(_pillow("BILINEAR"), _jax("linear"), "any", BYTES),
    Recipe(_pillow("BICUBIC"), _jax("cubic"), "any", OVER),
    Recipe(_pillow("LANCZOS"), _jax("lanczos3"), "any", OVER),
    Recipe(_pillow("NEAREST"), _jax("nearest"), "any", TIES, ties=True),
    Recipe(_torch("bilinear", SMOOTH), _jax("linear")),
    Recipe(_torch("bicubic", SMOOTH), _jax("cubic")),
    Recipe(_torch("bilinear"), _jax("linear", PLAIN)),
    Recipe(_torch("bicubic"), _jax("cubic-pytorch", PLAIN)),
    Recipe(_tf("lanczos3", SMOOTH), _jax("lanczos3")),
    Recipe(_tf("lanczos5", SMOOTH), _jax("lanczos5")),
    Recipe(_pillow("BILINEAR"), _keras("bilinear", SMOOTH), "any", BYTES),
    Recipe(_pillow("BICUBIC"), _keras("bicubic", SMOOTH), "any", OVER),
    Recipe(_torch("bilinear"), _keras("bilinear")),
    Recipe(_tf("bilinear"), _keras("bilinear")),
    Recipe(_torch("bilinear"), _kornia("bilinear"), "any", BLURS),
    Recipe(_torch("bicubic"), _kornia("bicubic"), "any", BLURS),
    Recipe(_cv2("LINEAR"), _kornia("bilinear"), "any", BLURS),
    Recipe(_cv2("LINEAR"), _albumentations("LINEAR")),
    Recipe(_cv2("AREA"), _albumentations("AREA")),
    Recipe(_torch("bilinear"), _skimage('order=1, mode="edge"')),
    Recipe(_cv2("LINEAR"), _skimage('order=1, mode="edge"')),
    Recipe(_torch("nearest-exact"), _skimage("order=0"), "any", TIES, ties=True),
    Recipe(_torch("bilinear"), _zoom('order=1, mode="nearest", grid_mode=True')),
    Recipe(_cv2("LINEAR"), _zoom('order=1, mode="nearest", grid_mode=True')),
    Recipe(_torch("bilinear", CORNERS), _zoom('order=1, mode="nearest"')),
    Recipe(
        _skimage("order=3, clip=False"),
        _zoom('order=3, mode="mirror", grid_mode=True'),
        "any",
        "scikit-image cuts off what overshoots where clip is not given",
    ),
    Recipe(_pillow("BILINEAR"), _openvino("bilinear_pillow"), "any", BYTES),
    Recipe(_pillow("BICUBIC"), _openvino("bicubic_pillow", ", cube_coeff=-0.5"), "any", OVER),
    Recipe(_torch("bilinear"), _openvino("linear_onnx")),
    Recipe(_torch("bicubic"), _openvino("cubic")),
    Recipe(_torch("bilinear"), _litert("RESIZE_BILINEAR", HALF)),
    Recipe(_torch("bilinear", CORNERS), _litert("RESIZE_BILINEAR", CORNERS)),
    Recipe(_torch("nearest"), _litert("RESIZE_NEAREST_NEIGHBOR"), "any", TIES, ties=True),
    Recipe(_tf("bilinear"), _litert("RESIZE_BILINEAR", HALF)),
    Recipe(_torch("bilinear", SMOOTH), _paddle("bilinear", SMOOTH)),
    Recipe(_torch("bicubic", SMOOTH), _paddle("bicubic", SMOOTH)),
    Recipe(_torch("bilinear", CORNERS), _paddle("bilinear", CORNERS)),
    Recipe(_torch("area"), _paddle("area")),
    Recipe(_torch("bilinear"), _ncnn(2)),
    Recipe(_torch("bicubic"), _ncnn(3)),
    Recipe(_torch("nearest"), _ncnn(1), "any", TIES, ties=True),
)
"""Those that are asked for most first, then those of one library after another."""
