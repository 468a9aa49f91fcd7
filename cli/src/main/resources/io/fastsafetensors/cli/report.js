"use strict";
(() => {
  const SVG = "http://www.w3.org/2000/svg";
  const LANES = [
    ["headers", "Headers", e => e.kind === "headers"],
    ["memory", "Making memory", e => e.kind === "memory"],
    ["cached", "Page cache, mapped", e => e.way === "cached" || e.way === "mapped"],
    ["direct", "Direct reads", e => e.way === "direct" || e.way === "peer to peer"],
    ["buffered", "Buffered reads", e => e.way === "buffered"],
    ["staging", "Waiting for staging", e => e.kind === "staging"],
    ["copy", "Waiting for device copies", e => e.kind === "copy"],
    ["conversion", "Conversions", e => e.kind === "conversion"],
    ["exchange", "Exchange", e => e.kind === "exchange"],
    ["ranks", "Waiting for ranks", e => e.kind === "ranks awaited"],
    ["room", "Waiting for room", e => e.kind === "room awaited"],
  ];
  const records = [...document.querySelectorAll("script.record")]
    .map(each => JSON.parse(each.textContent))
    .sort((a, b) => a.rank - b.rank);
  const zero = Math.min(...records.map(r => r.begun));
  records.forEach(r => {
    r.shift = r.begun - zero;
    r.spans = r.events.map(([kind, way, file, thread, start, end, busy, bytes, count]) => ({
      kind, way, bytes, count, busy: busy / 1e6, start: start / 1e6 + r.shift, end: end / 1e6 + r.shift,
      file: file < 0 ? "" : r.files[file], thread: thread < 0 ? "" : r.threads[thread],
    }));
  });
  const whole = Math.max(1e-6, ...records.map(r => r.shift + r.elapsed), ...records.flatMap(r => r.spans.map(s => s.end)));
  const main = document.getElementById("report");
  const tip = document.getElementById("tip");
  const redraws = [];
  let from = 0, to = whole;

  // Elements: texts are set as text, never as markup, since names come from files.
  function make(parent, name, attributes = {}, text = "") {
    const drawn = name === "svg" || parent?.namespaceURI === SVG;
    const element = drawn ? document.createElementNS(SVG, name) : document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    if (text !== "") element.textContent = text;
    parent?.appendChild(element);
    return element;
  }
  const bytes = n => {
    const units = ["bytes", "KiB", "MiB", "GiB", "TiB"];
    let i = 0, value = n;
    while (Math.abs(value) >= 1024 && i < 4) { value /= 1024; i++; }
    return (i === 0 ? value : value.toFixed(value < 10 ? 2 : 1)) + " " + units[i];
  };
  const time = s => s >= 100 ? s.toFixed(0) + " s" : s >= 1 ? s.toFixed(3) + " s" : s >= 1e-3 ? (s * 1e3).toFixed(2) + " ms" : (s * 1e6).toFixed(0) + " µs";
  const speed = bps => (bps / 1e9).toFixed(bps < 1e9 ? 3 : 2) + " GB/s";
  const sum = (all, f) => all.reduce((total, each) => total + f(each), 0);
  const many = records[0].ranks > 1;
  const rankName = r => "rank " + r.rank;

  let sections = 0;
  function section(title, isLong = false) {
    const id = "part-" + ++sections;
    const element = make(main, "section", { "aria-labelledby": id, class: isLong ? "long" : "" });
    make(element, "h2", { id }, title);
    return element;
  }
  function table(parent, label, heads, rows) {
    const box = make(parent, "div", { class: "scroll", tabindex: 0, role: "region", "aria-label": label });
    const grid = make(box, "table", { "aria-label": label });
    const row = make(make(grid, "thead"), "tr");
    heads.forEach(([name, kind]) => make(row, "th", { scope: "col", class: kind || "" }, name));
    const body = make(grid, "tbody");
    rows.forEach(cells => {
      const line = make(body, "tr");
      cells.forEach((cell, i) => {
        const made = make(line, i === 0 ? "th" : "td", i === 0 ? { scope: "row" } : { class: heads[i][1] || "" });
        if (typeof cell === "function") cell(made); else made.textContent = cell;
      });
    });
    return grid;
  }
  function bar(share, kind) {
    return cell => {
      const picture = make(cell, "svg", { role: "img", "aria-label": (100 * share).toFixed(1) + " %", viewBox: "0 0 100 10", preserveAspectRatio: "none" });
      make(picture, "rect", { width: Math.max(share > 0 ? .5 : 0, 100 * share), height: 10, class: "span " + kind });
    };
  }
  function details(parent, title) {
    const element = make(parent, "details");
    make(element, "summary", {}, title);
    return element;
  }
  // A picture is drawn again whenever its width or the part of time that is shown changes.
  function picture(parent, label, draw) {
    const box = make(parent, "div", { class: "picture" });
    const again = () => {
      const width = Math.max(280, box.clientWidth || main.clientWidth);
      box.textContent = "";
      const svg = make(box, "svg", { role: "img", "aria-label": label, width });
      svg.setAttribute("viewBox", `0 0 ${width} ${draw(svg, width)}`);
    };
    redraws.push(again);
    return box;
  }
  function tips(svg) {
    svg.addEventListener("pointermove", event => {
      const text = event.target.tip;
      tip.hidden = !text;
      if (text) {
        tip.textContent = text;
        tip.style.left = Math.min(event.clientX + 12, innerWidth - tip.offsetWidth - 8) + "px";
        tip.style.top = Math.min(event.clientY + 14, innerHeight - tip.offsetHeight - 8) + "px";
      }
    });
    svg.addEventListener("pointerleave", () => { tip.hidden = true; });
  }
  const at = (s, left, width) => left + (s - from) / (to - from) * (width - left - 8);
  function axis(svg, left, width, height) {
    const wanted = (to - from) / Math.max(2, (width - left) / 110);
    const power = 10 ** Math.floor(Math.log10(wanted));
    const step = [1, 2, 5, 10].map(m => m * power).find(s => s >= wanted);
    for (let t = Math.ceil(from / step) * step; t <= to; t += step) {
      const x = at(t, left, width);
      make(svg, "line", { class: "grid", x1: x, x2: x, y1: 0, y2: height });
      const label = to < 1e-3 ? (t * 1e6).toFixed(0) + " µs" : to < 1 ? +(t * 1e3).toPrecision(6) + " ms" : +t.toPrecision(6) + " s";
      make(svg, "text", { class: "soft", x, y: height + 14, "text-anchor": x > width - 40 ? "end" : "middle" }, label);
    }
  }
  function show(newFrom, newTo) {
    const span = Math.min(whole, Math.max(whole / 1e5, newTo - newFrom));
    from = Math.max(0, Math.min(newFrom, whole - span));
    to = from + span;
    redraws.forEach(each => each());
  }
  // To choose a part of time with the pointer.
  function choosing(svg, left, width, height) {
    let start = null, mark = null;
    const when = event => from + Math.max(0, event.offsetX - left) / (width - left - 8) * (to - from);
    svg.addEventListener("pointerdown", event => {
      if (event.pointerType === "mouse") {
        start = when(event);
        mark = make(svg, "rect", { class: "chosen", y: 0, height, width: 0 });
      }
    });
    svg.addEventListener("pointermove", event => {
      if (start !== null) {
        const [a, b] = [start, when(event)].sort((x, y) => x - y);
        mark.setAttribute("x", at(a, left, width));
        mark.setAttribute("width", at(b, left, width) - at(a, left, width));
      }
    });
    svg.addEventListener("pointerup", event => {
      const end = start === null ? null : when(event), begin = start;
      start = null;
      mark?.remove();
      if (end !== null && Math.abs(end - begin) > (to - from) / 200) show(Math.min(begin, end), Math.max(begin, end));
    });
    svg.addEventListener("wheel", event => {
      if (event.ctrlKey) {
        event.preventDefault();
        const middle = when(event), factor = event.deltaY > 0 ? 1.25 : .8;
        show(middle - (middle - from) * factor, middle + (to - middle) * factor);
      }
    }, { passive: false });
  }
  window.fstReport = { SVG, LANES, records, whole, many, main, redraws, make, bytes, time, speed, sum, rankName, section,
    table, bar, details, picture, tips, at, axis, show, choosing, view: () => [from, to] };
})();
