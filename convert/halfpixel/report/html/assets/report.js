"use strict";
(() => {
  const all = (query, of = document) => [...of.querySelectorAll(query)];
  const one = (id) => document.getElementById(id);

  for (const part of all(".needs-script")) part.hidden = false;

  const drawn = (part) => {
    for (const frame of all("[data-picture]", part)) {
      if (frame.firstChild) continue;
      const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
      use.setAttribute("href", `#${frame.dataset.picture}`);
      frame.append(use);
    }
  };
  for (const figure of all("figure")) {
    if (!figure.closest("details:not([open])")) drawn(figure);
  }
  const toggled = ({ target }) => target.open && drawn(target);
  document.addEventListener("toggle", toggled, { capture: true });

  // What scrolls inside fades at its end as long as there is more.
  const fades = ({ target }) => {
    const left = target.scrollWidth - target.clientWidth - target.scrollLeft;
    target.classList.toggle("more", left > 1);
  };
  const sizes = new ResizeObserver((seen) => seen.forEach(fades));
  for (const part of all("figure, .scroll")) {
    part.addEventListener("scroll", fades, { passive: true });
    sizes.observe(part);
  }
  // What is drawn into a part changes no size of the part itself.
  const filled = new MutationObserver((seen) => seen.forEach(fades));
  for (const part of all("figure, .scroll")) filled.observe(part, { childList: true });

  const open = () => {
    let id = "";
    try {
      id = decodeURIComponent(location.hash.slice(1));
    } catch {
      return;
    }
    const target = id && one(id);
    const details = target && target.closest("details");
    if (!details) return;
    details.open = true;
    target.scrollIntoView();
    const summary = details.querySelector("summary");
    if (summary) summary.focus({ preventScroll: true });
  };
  addEventListener("hashchange", open);
  addEventListener("load", open);

  let shut = [];
  addEventListener("beforeprint", () => {
    shut = all("details:not([open])");
    for (const part of shut) part.open = true;
    drawn(document);
  });
  addEventListener("afterprint", () => {
    for (const part of shut) part.open = false;
  });

  const search = one("search");
  if (!search) return;
  const rows = one("site-rows");
  const items = all("#site-rows .row, .finding, .item");
  const texts = new Map();
  const textOf = (item) => {
    if (!texts.has(item)) texts.set(item, item.textContent.toLowerCase());
    return texts.get(item);
  };

  const count = () => {
    const counted = rows ? [...rows.children] : items;
    const seen = counted.filter((item) => item.getClientRects().length > 0);
    const what = rows ? "sites" : "entries";
    one("matches").textContent = `${seen.length} of ${counted.length} ${what} shown`;
  };
  const find = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const item of items) {
      item.hidden = words.length > 0 && !words.every((word) => textOf(item).includes(word));
    }
    count();
  };
  search.addEventListener("input", find);
  const form = search.form;
  form.addEventListener("submit", (event) => event.preventDefault());
  const scripted = all("select[data-filter]", form);
  form.addEventListener("change", () => {
    for (const item of scripted.length > 0 ? items : []) {
      const out = ({ value, dataset }) =>
        value && !item.dataset[dataset.filter].split(" ").includes(value);
      item.classList.toggle("filtered", scripted.some(out));
    }
    count();
  });

  count();
  if (!rows) return;

  const sort = one("sort");
  const heads = all('.row.head [role="columnheader"]');
  const keys = ["gravity", "node", "call"];
  let descending = false;
  const order = () => {
    const key = `--${sort.value}`;
    const place = (row, name) => Number(row.style.getPropertyValue(name));
    const sign = descending ? -1 : 1;
    const sorted = [...rows.children].sort(
      (a, b) => sign * (place(a, key) - place(b, key)) || place(a, "--place") - place(b, "--place"),
    );
    rows.append(...sorted);
    rows.style.display = "block"; // the rows stand in order: no order of their own is needed
    heads.forEach((head, at) => {
      if (keys[at] === sort.value) {
        head.setAttribute("aria-sort", descending ? "descending" : "ascending");
      } else head.removeAttribute("aria-sort");
    });
  };
  heads.forEach((head, at) => {
    if (!keys[at]) return;
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    button.addEventListener("click", () => {
      descending = sort.value === keys[at] && !descending;
      sort.value = keys[at];
      order();
    });
    head.replaceChildren(button);
  });
  sort.addEventListener("change", () => {
    descending = false;
    order();
  });
  order();
})();
