"""What stands around a site in its graph, as far as a rule asks."""

from typing import Literal

from msgspec import Struct

from halfpixel.sampling import AffineGrid

Dim = int | str | None
"""A length: a number, a symbol such as "height", or None where it is unknown."""

Shape = tuple[Dim, ...]


class StridedLayer(Struct, frozen=True):
    """A convolution or pooling on the way to a site, as far as alignment rules ask.

    Attributes:
        op: node type.
        kernel: kernel lengths.
        strides: strides.
        same: padded so that length n becomes ceil(n / stride).
    """

    op: str
    kernel: tuple[int, ...]
    strides: tuple[int, ...]
    same: bool


class FreeLengths(Struct, frozen=True):
    """Lengths that the graph computes from the model's own free dimensions.

    Attributes:
        trials: (input lengths, output lengths) of the site's spatial axes, a pair a trial.
        tables: for a gather, the rows read along each axis at those lengths.
        factors: float constants that the shape arithmetic multiplies lengths by.
        windows: (axis, input, output length) at which windows that are averaged are not PyTorch's.
    """

    trials: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...] = ()
    tables: tuple[tuple[tuple[int, ...], ...], ...] = ()
    factors: tuple[float, ...] = ()
    windows: tuple[tuple[int, int, int], ...] = ()


class Need(Struct, frozen=True):
    """A length that what reads a site's output asks for.

    Attributes:
        axis: of the site's output; None where the number of all its elements is asked for.
        length: the length, or that number.
        by: what asks: the op type and the name of a node, or "the model's output".
        inferred: shape inference, which rounds in float64, compares the two before a run does.
    """

    axis: int | None
    length: int
    by: str
    inferred: bool = False


class Input(Struct, frozen=True):
    """What stands at one input of a node.

    Attributes:
        role: the input's name in the operator's own list.
        dtype: its element type; empty where unknown.
        state: "left out" (nothing connected), "empty" (a constant of no element), "empty in a run".
    """

    role: str
    dtype: str = ""
    state: Literal["", "left out", "empty", "empty in a run"] = ""


class Surroundings(Struct, frozen=True):
    """What stands around a site in its graph, as far as a rule asks.

    Attributes:
        layers: what strides on the way to the site; the resize that this starts at comes first.
        model_shape: shape of the model's first image input.
        joined: an operator that needs equal lengths (Add, Concat ...) reads the output.
        fed_by: operator that made the grid of a GridSample, where it is a site itself.
        free_lengths: lengths at trial sizes, where the graph computes them.
        needs: lengths that what reads the output asks for, where the output's own are in doubt.
        inputs: what stands at the inputs of an ONNX resize beside its data.
        transposed: "to NCHW" or "to NHWC" where it stands between such a Transpose and another.
        ranges: input lengths that free axes take, where the file says so: (axis, lengths).
        frozen: a constant of the file is resampled, though the model's inputs have free lengths.
    """

    layers: tuple[StridedLayer, ...] = ()
    model_shape: Shape | None = None
    joined: bool = False
    fed_by: AffineGrid | None = None
    free_lengths: FreeLengths = FreeLengths()
    needs: tuple[Need, ...] = ()
    inputs: tuple[Input, ...] = ()
    transposed: str = ""
    ranges: tuple[tuple[int, range], ...] = ()
    frozen: bool = False
