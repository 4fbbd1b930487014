"use strict";
(() => {
  const root = document.getElementById("playground");
  if (!root) return;
  const known = JSON.parse(document.getElementById("playground-data").textContent);
  const OWN = "This page";
  const frameworks = [...known.frameworks];
  if (known.given.length > 0) {
    const calls = known.given.map((one) => ({ ...one, options: { operator: one.name }, own: true }));
    frameworks.unshift({ name: OWN, calls });
  }
  const LONGEST = 64;
  const SVG = "http://www.w3.org/2000/svg";

  const make = (name, attributes = {}, ...inside) => {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...inside);
    return made;
  };
  const field = (label, input) => make("p", {}, make("label", { for: input.id }, label), " ", input);
  // What the page calls a choice is a word of its own; an argument is called as it is written.
  const WORDS = { call: "Call", operator: "Operator" };
  const named = (name) => WORDS[name] ?? make("code", {}, name);
  const choice = (id, values, chosen) => {
    const made = make("select", { id });
    for (const value of values) {
      const option = make("option", { value }, value);
      option.selected = value === chosen;
      made.append(option);
    }
    return made;
  };
  const place = (id) => document.getElementById(`playground-${id}`);

  // ---- what is chosen

  const state = { by: "size", nIn: 4, nOut: 8, scale: "2", sides: [] };
  const usable = (framework) => {
    const fitting = framework.calls.filter(
      (call) => call.own || (call.by || "size") === state.by,
    );
    return fitting.length > 0 ? fitting : framework.calls;
  };
  // Options are chosen one after another: each offers what is left of the calls before it.
  const resolve = (side) => {
    const framework = frameworks.find((one) => one.name === side.framework);
    let left = usable(framework);
    const asked = [];
    const names = [...new Set(left.flatMap((call) => Object.keys(call.options)))];
    for (const name of names) {
      const values = [...new Set(left.map((call) => call.options[name] ?? "not given"))];
      if (values.length === 1 && values[0] === "not given") continue;
      const pick = values.includes(side.picks[name]) ? side.picks[name] : values[0];
      asked.push({ name, values, pick });
      left = left.filter((call) => (call.options[name] ?? "not given") === pick);
    }
    return { asked, call: left[0] };
  };
  const written = (call) => call.text.replaceAll("{s}", state.scale);
  const samplingOf = (call) =>
    call.sampling.scale === "given" ? { ...call.sampling, scale: state.scale } : call.sampling;
  const takes = (call) => {
    if (call.by !== "scale") return true;
    return exact.outputLength(state.nIn, exact.parse(state.scale), call.rounds) === state.nOut;
  };

  // ---- what is computed

  const cache = new Map();
  const weightsOf = (sampling, nIn = state.nIn, nOut = state.nOut) => {
    const key = JSON.stringify([sampling, nIn, nOut]);
    if (!cache.has(key)) cache.set(key, exact.weights(sampling, nIn, nOut));
    return cache.get(key);
  };
  const apart = (a, b) => exact.difference(weightsOf(a), weightsOf(b));
  const decimal = (value) => {
    if (value[1] === 1n) return exact.text(value);
    const short = `${Number(exact.number(value).toPrecision(4))}`;
    const same = exact.parse(short);
    const sign = same && exact.compare(same, value) === 0 ? "=" : "\u2248";
    return `${exact.text(value)} ${sign} ${short}`;
  };
  const near = (value) => `${Number(exact.number(value).toPrecision(3))}`;

  const witness = (a, b) => {
    for (let longest = 1; longest <= 8; longest += 1) {
      for (let nIn = 1; nIn <= longest; nIn += 1) {
        for (let nOut = 1; nOut <= longest; nOut += 1) {
          if (Math.max(nIn, nOut) !== longest) continue;
          const found = exact.difference(exact.weights(a, nIn, nOut), exact.weights(b, nIn, nOut));
          if (!found.equal) return { nIn, nOut };
        }
      }
    }
    return null;
  };

  // ---- what is shown

  const chooser = (at) => {
    const side = state.sides[at];
    const { asked, call } = resolve(side);
    side.call = call;
    const box = place(at === 0 ? "first" : "second");
    const focused = document.activeElement && document.activeElement.id;
    const inputs = make("div", { class: "filters" });
    const names = frameworks.map((one) => one.name);
    const first = choice(`play-${at}-framework`, names, side.framework);
    first.addEventListener("change", () => {
      side.framework = first.value;
      side.picks = {};
      adopt(side);
      update();
    });
    inputs.append(field("Framework", first));
    for (const { name, values, pick } of asked) {
      const select = choice(`play-${at}-${name}`, values, pick);
      select.addEventListener("change", () => {
        side.picks[name] = select.value;
        adopt(side);
        update();
      });
      inputs.append(field(named(name), select));
    }
    box.replaceChildren(inputs, make("p", {}, make("code", {}, written(call))));
    if (!takes(call)) box.append(make("p", {}, "It gives another output length."));
    const again = focused && document.getElementById(focused);
    if (again && box.contains(again)) again.focus();
  };
  // An operator of a model brings its own lengths.
  const adopt = (side) => {
    const { call } = resolve(side);
    if (!call.own) return;
    const fits = (n) => Number.isInteger(n) && n >= 1 && n <= LONGEST;
    if (fits(call.in)) state.nIn = call.in;
    if (fits(call.out)) state.nOut = call.out;
    else if (call.sampling.scale) {
      const made = exact.outputLength(state.nIn, exact.parse(call.sampling.scale), "floor");
      if (fits(made)) state.nOut = made;
    }
    state.by = "size";
  };

  // What a field says that cannot be computed, by the field: it stays as it was typed.
  const faults = {};
  const FIELDS = { in: "nIn", out: "nOut", scale: "scale" };
  const lengths = () => {
    place("by-size").checked = state.by === "size";
    place("by-scale").checked = state.by === "scale";
    place("out").disabled = state.by === "scale";
    place("scale").disabled = state.by === "size";
    for (const [id, key] of Object.entries(FIELDS)) {
      const input = place(id);
      if (input.disabled) delete faults[id];
      const fault = faults[id] ?? "";
      if (!fault && input.value !== `${state[key]}`) input.value = state[key];
      input.setAttribute("aria-invalid", String(fault !== ""));
      if (place(`${id}-says`).textContent !== fault) place(`${id}-says`).textContent = fault;
    }
  };

  const verdict = (a, b) => {
    const found = apart(a, b);
    const box = place("verdict");
    box.className = `verdict ${found.equal ? "good" : "warning"}`;
    const pair = `${state.nIn} to ${state.nOut}`;
    const said = [];
    if (found.equal) {
      said.push(`Both compute the same at ${pair}.`);
    } else {
      const [i, first, second] = [found.first, weightsOf(a), weightsOf(b)];
      const moved = exact.compare(first.positions[i], second.positions[i]) !== 0;
      const how = moved
        ? `the first reads at ${decimal(first.positions[i])}, the second at ${decimal(second.positions[i])}`
        : "they weigh the same place differently";
      said.push(`They part at output sample ${i} of ${pair}: ${how}.`);
      said.push(
        `Samples are up to ${decimal(found.displacement)} input pixels apart, weights up to ${decimal(found.weight)}.`,
      );
    }
    if (!a.scale && !b.scale) {
      const small = witness(a, b);
      const forms = state.sides.map((side) => side.call.form);
      if (small) said.push(`The smallest lengths at which they part: ${small.nIn} to ${small.nOut}.`);
      else if (forms[0] !== undefined && forms[0] === forms[1]) {
        said.push("Their closed forms are the same, so they are equal at every length.");
      } else said.push("No lengths up to 8 part them, which is no proof of longer ones.");
    }
    box.replaceChildren(...said.map((line) => make("p", {}, line)));
  };

  const rowText = (found, i) => {
    if (found.outside.includes(i)) return "the constant";
    return found.rows[i].map(([j, weight]) => `${j}: ${exact.text(weight)}`).join(", ");
  };
  const table = (a, b) => {
    const [first, second] = [weightsOf(a), weightsOf(b)];
    const [reads, others] = [a, b].map((one) => exact.places(one, state.nIn, state.nOut));
    const head = ["Sample", "First reads", "Its weights", "Second reads", "Its weights"];
    const body = make("tbody");
    first.rows.forEach((_, i) => {
      const texts = [rowText(first, i), rowText(second, i)];
      const cells = [i, decimal(reads[i]), texts[0], decimal(others[i]), texts[1]];
      const row = make("tr", texts[0] === texts[1] ? {} : { class: "parted" });
      row.append(...cells.map((cell) => make("td", {}, `${cell}`)));
      body.append(row);
    });
    const heads = head.map((one) => make("th", { scope: "col" }, one));
    const caption = make("caption", {}, "Where each output sample reads, in input pixels, and by which weights");
    place("table").replaceChildren(
      make("table", { class: "data" }, caption, make("thead", {}, make("tr", {}, ...heads)), body),
    );
  };

  // How far the closest call of a framework is from the first, in a sentence.
  const closest = ({ first, displacement, weight }) => {
    const weights = `a weight differs by up to ${near(weight)}`;
    const moved = exact.number(displacement) > 0;
    const how = moved
      ? `it reads up to ${near(displacement)} input pixels from where the first call does, and ${weights}`
      : `it reads at the same places, and ${weights}`;
    return `: ${how}. The first sample that parts them is ${first}.`;
  };
  const others = (a) => {
    const list = make("dl", { class: "wide" });
    const mine = state.sides[0];
    for (const framework of known.frameworks) {
      if (framework.name === mine.framework) continue;
      const calls = framework.calls.filter((call) => call.by !== "scale" || state.by === "scale");
      const judged = calls.filter(takes).map((call) => ({ call, ...apart(a, samplingOf(call)) }));
      const equal = judged.filter((one) => one.equal);
      const told = make("dd");
      if (equal.length > 0) {
        const always = (one) => one.call.form === mine.call.form && mine.call.form !== undefined;
        equal.sort((one, other) => Number(always(other)) - Number(always(one)));
        const said = always(equal[0]) ? "at every length" : "at these lengths";
        told.append(make("code", {}, written(equal[0].call)), make("small", {}, ` equal ${said}`));
        if (equal.length > 1) {
          const rest = equal.slice(1).map((one) => make("li", {}, make("code", {}, written(one.call))));
          const more = make("summary", {}, `${rest.length} more, equal at these lengths`);
          told.append(make("details", {}, more, make("ul", {}, ...rest)));
        }
      } else if (judged.length > 0) {
        const otherKind = (one) => Number(samplingOf(one.call).kernel.kind !== a.kernel.kind);
        judged.sort(
          (one, other) =>
            otherKind(one) - otherKind(other) ||
            exact.compare(one.displacement, other.displacement) ||
            exact.compare(one.weight, other.weight),
        );
        const [best] = judged;
        told.append("None computes the same. The closest is ", make("code", {}, written(best.call)), closest(best));
      } else told.append("No call gives these lengths.");
      list.append(make("dt", {}, framework.name), told);
    }
    place("others").replaceChildren(list);
  };

  const draw = (a, b) => {
    const [reads, meant] = [a, b].map((one) => exact.places(one, state.nIn, state.nOut));
    const numbers = [...reads, ...meant].map(exact.number);
    const low = Math.min(-0.5, ...numbers) - 0.3;
    const high = Math.max(state.nIn - 0.5, ...numbers) + 0.3;
    const unit = Math.min(96, Math.max(22, 900 / (high - low)));
    const width = (high - low) * unit;
    const [top, tall] = [64, 48];
    const x = (at) => ((at - low) * unit).toFixed(2);
    const height = top + tall + 64;
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("viewBox", `0 0 ${width.toFixed(0)} ${height}`);
    svg.setAttribute("role", "img");
    svg.setAttribute("class", "axis");
    svg.setAttribute("style", `width:${width.toFixed(0)}px`);
    svg.setAttribute(
      "aria-label",
      `${state.nIn} input pixels; where ${state.nOut} output samples of both calls read them`,
    );
    const add = (name, attributes, content) => {
      const made = document.createElementNS(SVG, name);
      for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
      if (content !== undefined) made.textContent = content;
      svg.append(made);
    };
    for (let pixel = 0; pixel < state.nIn; pixel += 1) {
      const box = { x: x(pixel - 0.5), y: top, width: unit.toFixed(2), height: tall };
      add("rect", { class: "cell", ...box });
      add("circle", { class: "centre", cx: x(pixel), cy: top + tall / 2, r: 4 });
    }
    const mark = { class: "frame", x: x(-0.5), y: top, height: tall };
    add("rect", { ...mark, width: (unit * state.nIn).toFixed(2) });
    reads.forEach((at, i) => {
      const ends = { x1: x(exact.number(at)), x2: x(exact.number(meant[i])) };
      if (exact.compare(at, meant[i]) !== 0) add("line", { class: "move", ...ends, y1: top, y2: top + tall });
    });
    const side = (places, name, edge, away) => {
      let last = -Infinity;
      places.forEach((at, i) => {
        const number = exact.number(at);
        const inside = number >= 0 && number <= state.nIn - 1 ? "" : " out";
        const spot = { class: `${name}${inside}`, cx: x(number), cy: edge, r: 5.5 };
        add("circle", spot);
        if (Number(x(number)) - last < 38) return;
        last = Number(x(number));
        const label = `${Number(number.toPrecision(4))}`.replace("-", "\u2212");
        add("text", { class: `${name}-word`, x: x(number), y: edge + away }, label);
        add("text", { class: "index", x: x(number), y: edge + away * 1.9 }, `${i}`);
      });
    };
    side(reads, "first", top, -16);
    side(meant, "second", top + tall, 24);
    place("picture").replaceChildren(svg);
  };

  const update = () => {
    if (state.by === "scale" && !faults.scale && !faults.in) {
      const scale = exact.parse(state.scale);
      const made = exact.outputLength(state.nIn, scale, resolve(state.sides[0]).call.rounds);
      if (made >= 1 && made <= LONGEST) state.nOut = made;
      else faults.scale = `Length ${state.nIn} by this factor is none from 1 to ${LONGEST}.`;
    }
    cache.clear();
    lengths();
    chooser(0);
    chooser(1);
    if (Object.keys(faults).length > 0) {
      place("verdict").className = "";
      for (const id of ["verdict", "picture", "table", "others"]) place(id).replaceChildren();
      return;
    }
    const [a, b] = state.sides.map((one) => samplingOf(one.call));
    link();
    verdict(a, b);
    draw(a, b);
    table(a, b);
    others(a);
  };

  // ---- a link to what is shown, and what such a link says

  const LINK = "#play=";
  const link = () => {
    const { by, nIn, nOut, scale } = state;
    const sides = state.sides.map(({ framework, picks }) => [framework, picks]);
    place("link").href = LINK + encodeURIComponent(JSON.stringify([by, nIn, nOut, scale, sides]));
  };
  // Whoever wrote a link: only what could be chosen here is taken from it.
  const linked = () => {
    if (!location.hash.startsWith(LINK)) return false;
    try {
      const said = JSON.parse(decodeURIComponent(location.hash.slice(LINK.length)));
      const [by, nIn, nOut, scale, sides] = said;
      const fits = (n) => Number.isInteger(n) && n >= 1 && n <= LONGEST;
      const factor = exact.parse(String(scale));
      const known = sides.every(([name]) => frameworks.some((one) => one.name === name));
      if (!fits(nIn) || !fits(nOut) || sides.length !== 2 || !known) return false;
      // a factor that leads to no length here has more taps than a page computes
      if (!factor || !(exact.number(factor) >= 1 / LONGEST && exact.number(factor) <= LONGEST)) return false;
      Object.assign(state, { nIn, nOut, scale: String(scale), by: by === "scale" ? by : "size" });
      state.sides = sides.map(([framework, picks]) => ({ framework, picks: { ...picks } }));
      return true;
    } catch {
      return false;
    }
  };

  // ---- how it begins

  // Each gives what a field says, or nothing where that cannot be computed.
  const whole = (text) => {
    const value = /^\s*\d+\s*$/.test(text) ? Number(text) : 0;
    return value >= 1 && value <= LONGEST ? value : null;
  };
  const factor = (text) => {
    const value = exact.parse(text);
    const fits = value && exact.number(value) >= 1 / LONGEST && exact.number(value) <= LONGEST;
    return fits ? text.trim() : null;
  };
  const COUNT = `Expected a whole number from 1 to ${LONGEST}.`;
  const FACTOR = `Expected a factor from 1/${LONGEST} to ${LONGEST}, such as 2, 1.5 or 4/3.`;
  const TAKES = { in: [whole, COUNT], out: [whole, COUNT], scale: [factor, FACTOR] };
  for (const [id, [read, expected]] of Object.entries(TAKES)) {
    let waits;
    const judge = () => {
      clearTimeout(waits);
      const value = read(place(id).value);
      if (value === null) faults[id] = expected;
      else {
        delete faults[id];
        if (id === "in" && faults.scale) delete faults.scale; // it may fit the other length
        state[FIELDS[id]] = value;
      }
      update();
    };
    place(id).addEventListener("change", judge);
    place(id).addEventListener("input", () => {
      clearTimeout(waits);
      waits = setTimeout(judge, 400);
    });
  }
  for (const by of ["size", "scale"]) {
    place(`by-${by}`).addEventListener("change", () => {
      state.by = by;
      update();
    });
  }
  const torch = frameworks.find((one) => one.name.startsWith("PyTorch")) || frameworks[0];
  const own = (at) => known.given[at] && { framework: OWN, picks: { operator: known.given[at].name } };
  const plain = { mode: "bilinear", align_corners: "False" };
  const usual = { framework: torch.name, picks: plain };
  const cornered = { framework: torch.name, picks: { ...plain, align_corners: "True" } };
  const second = known.given[1] && known.given[1].beside ? own(1) : own(0) ? usual : cornered;
  state.sides = [own(0) || usual, second];
  adopt(state.sides[0]);
  const begins = linked();
  addEventListener("hashchange", () => {
    if (!linked()) return;
    for (const id of Object.keys(faults)) delete faults[id];
    update();
  });
  for (const part of document.querySelectorAll(".playground-body")) part.hidden = false;
  // It is computed when the page stands and nothing else is to be done, or at once for a printer.
  let made = false;
  const once = () => {
    if (!made) update();
    made = true;
  };
  addEventListener("beforeprint", once);
  const idle = globalThis.requestIdleCallback ?? ((then) => setTimeout(then, 50));
  const later = () => idle(once, { timeout: 1000 });
  if (document.readyState === "complete") later();
  else addEventListener("load", later);
  if (begins) root.scrollIntoView();
})();
