"use strict";
// What a resize computes along one axis, in exact rationals: a port of halfpixel/sampling.
// A rational is [numerator, denominator], two BigInts without a common factor, the second positive.
globalThis.exact = (() => {
  const gcd = (a, b) => {
    while (b) [a, b] = [b, a % b];
    return a < 0n ? -a : a;
  };
  const frac = (n, d = 1n) => {
    if (d === 0n) throw new RangeError("a denominator of 0");
    const by = gcd(n, d) * (d < 0n ? -1n : 1n);
    return [n / by, d / by];
  };
  const whole = (n) => [BigInt(n), 1n];
  const add = (a, b) => frac(a[0] * b[1] + b[0] * a[1], a[1] * b[1]);
  const sub = (a, b) => frac(a[0] * b[1] - b[0] * a[1], a[1] * b[1]);
  const mul = (a, b) => frac(a[0] * b[0], a[1] * b[1]);
  const div = (a, b) => frac(a[0] * b[1], a[1] * b[0]);
  const compare = (a, b) => {
    const apart = a[0] * b[1] - b[0] * a[1];
    return apart < 0n ? -1 : apart > 0n ? 1 : 0;
  };
  const abs = (a) => [a[0] < 0n ? -a[0] : a[0], a[1]];
  const max = (a, b) => (compare(a, b) < 0 ? b : a);
  const min = (a, b) => (compare(a, b) < 0 ? a : b);
  const floorDiv = (n, d) => n / d - (n % d !== 0n && n < 0n !== d < 0n ? 1n : 0n);
  const floor = (a) => floorDiv(a[0], a[1]);
  const ceil = (a) => -floorDiv(-a[0], a[1]);
  const text = (a) => (a[1] === 1n ? `${a[0]}` : `${a[0]}/${a[1]}`);
  const ZERO = whole(0);
  const ONE = whole(1);
  const HALF = frac(1n, 2n);

  // A decimal or a quotient as it is written: "1.5", "3/2"; of a float it may have many digits.
  const parse = (written) => {
    const found = /^\s*(-?\d{1,400})(?:\.(\d{1,400}))?(?:\s*\/\s*(\d{1,400}))?\s*$/.exec(written);
    if (!found) return null;
    const digits = found[2] || "";
    const top = BigInt(found[1] + digits);
    const bottom = BigInt(10) ** BigInt(digits.length) * BigInt(found[3] || 1);
    return bottom === 0n ? null : frac(top, bottom);
  };

  const ratio = (axis) => (axis.scale ? div(ONE, axis.scale) : div(axis.nIn, axis.nOut));
  const several = (axis) => compare(axis.nOut, ONE) > 0;
  const halfPixel = (axis) => {
    const step = ratio(axis);
    return { step, start: sub(mul(step, HALF), HALF) };
  };
  const cornerStep = (axis) =>
    several(axis) ? div(sub(axis.nIn, ONE), sub(axis.nOut, ONE)) : ZERO;
  const LINES = {
    half_pixel: halfPixel,
    asymmetric: (axis) => ({ step: ratio(axis), start: ZERO }),
    tf_half_pixel_for_nn: (axis) => ({ step: ratio(axis), start: mul(ratio(axis), HALF) }),
    pytorch_half_pixel: (axis) => (several(axis) ? halfPixel(axis) : { step: ZERO, start: ZERO }),
    pytorch_1_9_half_pixel: (axis) =>
      several(axis) ? halfPixel(axis) : { step: ZERO, start: sub(ZERO, HALF) },
    half_pixel_symmetric: (axis) => {
      const line = halfPixel(axis);
      const uncovered = sub(axis.nIn, mul(axis.nOut, line.step));
      return { step: line.step, start: add(line.start, mul(uncovered, HALF)) };
    },
    align_corners: (axis) => ({ step: cornerStep(axis), start: ZERO }),
    pytorch_antialias_align_corners: (axis) => {
      const step = cornerStep(axis);
      return { step, start: sub(mul(step, HALF), HALF) };
    },
    tf_crop_and_resize: (axis) => {
      const [first, last] = axis.roi;
      const long = sub(axis.nIn, ONE);
      if (!several(axis)) return { step: ZERO, start: mul(mul(add(first, last), HALF), long) };
      const step = div(mul(sub(last, first), long), sub(axis.nOut, ONE));
      return { step, start: mul(first, long) };
    },
    coreml_offset_corners: (axis) => {
      const step = div(max(ONE, sub(axis.nIn, ONE)), axis.nOut);
      return { step, start: mul(step, HALF) };
    },
  };

  const axisOf = (sampling, nIn, nOut) => ({
    nIn: whole(nIn),
    nOut: whole(nOut),
    scale: sampling.scale ? parse(sampling.scale) : null,
    roi: (sampling.roi || ["0", "1"]).map(parse),
  });
  const line = (sampling, nIn, nOut) => LINES[sampling.coordinate](axisOf(sampling, nIn, nOut));
  const stretch = (sampling, axis) => {
    if (sampling.coordinate === "pytorch_antialias_align_corners") {
      return max(ONE, LINES[sampling.coordinate](axis).step);
    }
    return max(ONE, ratio(axis));
  };

  // How much of a neighbour at some distance counts, before the weights are made to sum to 1.
  const heights = {
    linear: (t) => max(ZERO, sub(ONE, t)),
    cubic: (t, a) => {
      const two = whole(2);
      if (compare(t, ONE) <= 0) {
        const steep = sub(mul(add(a, two), t), add(a, whole(3)));
        return add(mul(mul(steep, t), t), ONE);
      }
      if (compare(t, two) >= 0) return ZERO;
      const inner = sub(mul(add(mul(sub(t, whole(5)), t), whole(8)), t), whole(4));
      return mul(a, inner);
    },
  };
  const smooth = (kernel, part, width) => {
    const reach = mul(width, whole(kernel.kind === "cubic" ? 2 : 1));
    const a = kernel.a ? parse(kernel.a) : null;
    const taps = [];
    const last = ceil(add(part, reach)) - 1n;
    for (let offset = floor(sub(part, reach)) + 1n; offset <= last; offset += 1n) {
      const distance = div(abs(sub([offset, 1n], part)), width);
      const weight = heights[kernel.kind](distance, a);
      if (weight[0] !== 0n) taps.push([offset, weight]);
    }
    return normalised(taps);
  };
  const normalised = (taps) => {
    const total = taps.reduce((sum, tap) => add(sum, tap[1]), ZERO);
    return taps.map(([place, weight]) => [place, div(weight, total)]);
  };

  const goesUp = (rounding, part, shrinking) => {
    const side = compare(part, HALF);
    switch (rounding) {
      case "ceil":
        return part[0] > 0n;
      case "round_prefer_floor":
        return side > 0;
      case "round_prefer_ceil":
        return side >= 0;
      case "simple":
        return shrinking && part[0] > 0n;
      default:
        return false;
    }
  };

  const clamped = (place, nIn) => {
    const last = BigInt(nIn) - 1n;
    return place < 0n ? 0n : place > last ? last : place;
  };
  const atBorder = (taps, nIn, exclude) => {
    const inside = taps.filter(([place]) => place >= 0n && place < BigInt(nIn));
    if (inside.length === taps.length) return taps;
    if (exclude) {
      const total = inside.reduce((sum, tap) => add(sum, tap[1]), ZERO);
      if (total[0] !== 0n) return normalised(inside);
    }
    const merged = new Map();
    for (const [place, weight] of taps) {
      const to = clamped(place, nIn);
      merged.set(to, add(merged.get(to) || ZERO, weight));
    }
    return [...merged].sort((a, b) => (a[0] < b[0] ? -1 : 1)).filter((tap) => tap[1][0] !== 0n);
  };

  const windowTaps = (kernel, index, nIn, nOut) => {
    const begin = frac(BigInt(index) * BigInt(nIn), BigInt(nOut));
    const end = frac((BigInt(index) + 1n) * BigInt(nIn), BigInt(nOut));
    const first = floor(begin);
    const past = ceil(end);
    const taps = [];
    for (let j = first; j < past; j += 1n) {
      const inside = sub(min(end, [j + 1n, 1n]), max(begin, [j, 1n]));
      const weight =
        kernel.window === "adaptive" ? frac(1n, past - first) : div(inside, sub(end, begin));
      taps.push([j, weight]);
    }
    return taps;
  };
  const centre = (row) => row.reduce((sum, [j, weight]) => add(sum, mul([j, 1n], weight)), ZERO);

  // W at one pair of lengths: rows of [input index, weight], the samples that take a constant, and
  // the source coordinate of each sample.
  const weights = (sampling, nIn, nOut) => {
    const rows = [];
    const positions = [];
    const outside = [];
    const kernel = sampling.kernel;
    const plain = sampling.copies_same_length && nIn === nOut;
    if (plain || kernel.kind === "area") {
      for (let i = 0; i < nOut; i += 1) {
        const row = plain ? [[BigInt(i), ONE]] : windowTaps(kernel, i, nIn, nOut);
        rows.push(row);
        positions.push(centre(row));
      }
      return { rows, positions, outside };
    }
    const axis = axisOf(sampling, nIn, nOut);
    const { step, start } = LINES[sampling.coordinate](axis);
    const shrinking = compare(ratio(axis), ONE) > 0;
    const width = kernel.antialias ? stretch(sampling, axis) : ONE;
    const end = whole(nIn - 1);
    const known = new Map();
    for (let i = 0; i < nOut; i += 1) {
      const at = add(mul(step, whole(i)), start);
      if (sampling.extrapolate && (at[0] < 0n || compare(at, end) > 0)) {
        outside.push(i);
        rows.push([]);
        positions.push(at);
        continue;
      }
      const base = floor(at);
      const part = sub(at, [base, 1n]);
      if (kernel.kind === "nearest") {
        const pixel = clamped(base + (goesUp(kernel.rounding, part, shrinking) ? 1n : 0n), nIn);
        rows.push([[pixel, ONE]]);
        positions.push([pixel, 1n]);
        continue;
      }
      const key = text(part);
      if (!known.has(key)) known.set(key, smooth(kernel, part, width));
      const taps = known.get(key).map(([offset, weight]) => [base + offset, weight]);
      rows.push(atBorder(taps, nIn, sampling.exclude_outside));
      const clamps = kernel.kind === "linear" && !kernel.antialias;
      positions.push(clamps ? min(max(at, ZERO), end) : at);
    }
    return { rows, positions, outside };
  };

  // Where each sample lies before the border rule moves it; null where windows have no line.
  const places = (sampling, nIn, nOut) => {
    const plain = sampling.copies_same_length && nIn === nOut;
    if (plain || sampling.kernel.kind === "area") return weights(sampling, nIn, nOut).positions;
    const { step, start } = line(sampling, nIn, nOut);
    return Array.from({ length: nOut }, (_, i) => add(mul(step, whole(i)), start));
  };

  const sameRow = (a, b) =>
    a.length === b.length &&
    a.every(([j, w], at) => j === b[at][0] && compare(w, b[at][1]) === 0);
  const rowDifference = (a, b) => {
    const apart = new Map(a.map(([j, w]) => [j, w]));
    for (const [j, w] of b) apart.set(j, sub(apart.get(j) || ZERO, w));
    return [...apart.values()].reduce((worst, w) => max(worst, abs(w)), ZERO);
  };

  // How two matrices differ: the first sample at which they do, by how much at most.
  const difference = (a, b) => {
    let first = null;
    let displacement = ZERO;
    let weight = ZERO;
    a.rows.forEach((row, i) => {
      displacement = max(displacement, abs(sub(a.positions[i], b.positions[i])));
      const apart = a.outside.includes(i) !== b.outside.includes(i);
      if (!apart && sameRow(row, b.rows[i])) return;
      if (first === null) first = i;
      weight = max(weight, rowDifference(row, b.rows[i]));
    });
    return { equal: first === null, first, displacement, weight };
  };

  const outputLength = (nIn, scale, rounds) => {
    const long = mul(whole(nIn), scale);
    const down = floor(long);
    if (rounds !== "round") return Number(down);
    const side = compare(sub(long, [down, 1n]), HALF); // half to even, as Python and OpenCV have it
    return Number(side > 0 || (side === 0 && down % 2n !== 0n) ? down + 1n : down);
  };

  const number = (a) => Number(a[0]) / Number(a[1]);
  return {
    abs, compare, difference, line, number, outputLength, parse, places, sub, text, weights, whole,
  };
})();
