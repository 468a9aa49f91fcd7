"use strict";
(() => {
  const { LANES, records, whole, many, main, redraws, make, bytes, time, speed, sum, rankName, section, table, bar, details,
    picture, tips, at, axis, show, choosing, view } = window.fstReport;
  const loads = records.filter(r => r.load);
  const failed = records.filter(r => r.failure);
  let clips = 0;
  const missing = records[0].ranks - records.length;
  const who = r => many ? rankName(r) + ": " : "";

  function head() {
    document.title = "fst load report: " + (failed.length ? "failed" : "succeeded");
    const total = sum(loads, r => r.load.bytes);
    document.getElementById("headline").textContent =
      (failed.length ? "Failed" : bytes(total) + " in " + time(Math.max(...records.map(r => r.shift + (r.load ? r.load.seconds : r.elapsed)))))
      + (many ? `; ${records.length} of ${records[0].ranks} ranks told` : "")
      + "; " + new Date(records[0].begun * 1e3).toISOString() + ", host " + [...new Set(records.map(r => r.host))].join(", ")
      + ", " + records[0].version;
    failed.forEach(r => make(main, "p", { class: "failed", role: "alert" }, who(r) + r.failure));
    if (missing > 0) make(main, "p", {}, `${missing} of ${records[0].ranks} ranks wrote nothing to this file: they were stopped, or run on other hosts.`);
    records.forEach(r => {
      if (many) make(main, "h2", {}, rankName(r));
      const list = make(main, "dl", { class: "tiles" });
      tiles(r).forEach(([name, value]) => {
        const tile = make(list, "div");
        make(tile, "dt", {}, name);
        make(tile, "dd", {}, value);
      });
    });
  }
  function tiles(r) {
    const reads = r.spans.filter(s => s.kind === "read");
    if (!r.load) return [["Read before it failed", bytes(sum(reads, s => s.bytes))], ["Reads", sum(reads, s => s.count)], ["Failed after", time(r.elapsed)]];
    const source = r.load.bytes_by_source;
    return [["Tensors", r.load.tensors], ["Bytes", bytes(r.load.bytes)], ["Time", time(r.load.seconds)], ["Speed", speed(r.load.gbps * 1e9)],
      ["From storage", bytes(source.storage)], ["From the page cache", bytes(source.page_cache)],
      ...(many ? [["From other ranks", bytes(source.other_ranks)]] : []),
      ["Device", r.load.report.device], ["Backend", r.load.backend || "none"], ["Files", r.load.files],
      ...(r.load.window_bytes ? [["Window used", bytes(r.load.window_bytes_used) + " of " + bytes(r.load.window_bytes)]] : [])];
  }
  function advice() {
    if (!records.some(r => r.advice.length)) return;
    const part = section("What stands out");
    const list = make(part, "ul", { class: "advice" });
    records.forEach(r => r.advice.forEach(each => {
      const item = make(list, "li", { class: each.remedy ? "" : "good" });
      make(item, "div", {}, who(r) + each.text);
      if (each.remedy) make(item, "div", {}, "What to do: " + each.remedy);
      make(item, "span", { class: "code" }, each.code);
    }));
  }
  function timeline() {
    const part = section("Timeline");
    if (!records.some(r => r.spans.length)) { make(part, "p", {}, "Nothing was done before the load ended."); return; }
    const tools = make(part, "div", { class: "tools", role: "group", "aria-label": "Part of time that is shown" });
    [["Zoom in", (a, b) => [a + (b - a) / 4, b - (b - a) / 4]], ["Zoom out", (a, b) => [a - (b - a) / 2, b + (b - a) / 2]],
      ["Earlier", (a, b) => [a - (b - a) / 2, b - (b - a) / 2]], ["Later", (a, b) => [a + (b - a) / 2, b + (b - a) / 2]],
      ["All", () => [0, whole]]].forEach(([name, change]) =>
      make(tools, "button", { type: "button" }, name).addEventListener("click", () => show(...change(...view()))));
    make(part, "p", {}, "A bar is a read, work or a wait, by the thread that did it; neighbours are merged where there are many. Drag, or Ctrl and the wheel, to zoom in.");
    const lanes = records.flatMap(r => LANES.map(([kind, name, has]) => ({ r, kind, name, spans: r.spans.filter(has) })).filter(l => l.spans.length));
    lanes.forEach(lane => { lane.threads = [...new Set(lane.spans.map(s => s.thread))]; });
    picture(part, "Timeline with a lane for each kind of work; the table below has its figures", (svg, width) => {
      const narrow = width < 600, left = narrow ? 8 : 190;
      let y = 0, last = -1;
      const labels = make(svg, "g"), bars = make(svg, "g");
      const [start, end] = view();
      lanes.forEach(lane => {
        if (many && lane.r.rank !== last) {
          make(labels, "text", { x: 2, y: y + 14, "font-weight": 600 }, rankName(lane.r));
          y += 20;
          last = lane.r.rank;
        }
        const row = Math.max(3, Math.min(12, 48 / lane.threads.length)), height = Math.max(14, row * lane.threads.length);
        if (narrow) { make(labels, "text", { x: 8, y: y + 12 }, lane.name); y += 16; }
        else make(labels, "text", { x: 4, y: y + height / 2 + 4 }, lane.name);
        lane.spans.filter(s => s.end >= start && s.start <= end).forEach(s => {
          const x = Math.max(left, at(s.start, left, width)), x2 = Math.min(width - 8, at(s.end, left, width));
          const drawn = make(bars, "rect", { class: "span " + lane.kind, x, width: Math.max(.7, x2 - x - .3),
            y: y + lane.threads.indexOf(s.thread) * row, height: Math.max(2, row - .8) });
          drawn.tip = [lane.name + (many ? ", " + rankName(lane.r) : ""), s.file, s.thread && "thread " + s.thread,
            s.bytes ? bytes(s.bytes) + (s.count > 1 ? " in " + s.count + " parts" : "") : "",
            "from " + time(s.start) + ", " + time(s.end - s.start), s.bytes && s.end > s.start ? speed(s.bytes / (s.end - s.start)) : ""].filter(Boolean).join("\n");
        });
        y += height + 8;
        make(labels, "line", { class: "grid", x1: narrow ? 0 : 0, x2: width, y1: y - 4, y2: y - 4 });
      });
      const grid = make(svg, "g");
      svg.insertBefore(grid, labels);
      axis(grid, left, width, y);
      svg.setAttribute("height", y + 22);
      tips(svg);
      choosing(svg, left, width, y);
      return y + 22;
    });
    table(details(part, "Timeline as a table"), "Timeline by lane",
      [...(many ? [["Rank"]] : []), ["Lane"], ["Times", "number"], ["Threads", "number"], ["Bytes", "number"], ["Time spent, all threads", "number"], ["From", "number"], ["Until", "number"]],
      lanes.map(l => [...(many ? [String(l.r.rank)] : []), l.name, String(sum(l.spans, s => s.count)), String(l.threads.length), bytes(sum(l.spans, s => s.bytes)),
        time(sum(l.spans, s => s.busy)), time(Math.min(...l.spans.map(s => s.start))), time(Math.max(...l.spans.map(s => s.end)))]));
  }
  // The bytes of a read are spread evenly over the time that it took.
  function binned(spans, count) {
    const bins = new Array(count).fill(0), size = whole / count;
    spans.forEach(s => {
      const first = Math.min(count - 1, Math.floor(s.start / size)), last = Math.min(count - 1, Math.floor(s.end / size));
      for (let i = first; i <= last; i++) {
        const part = last === first ? 1 : (Math.min(s.end, (i + 1) * size) - Math.max(s.start, i * size)) / (s.end - s.start);
        bins[i] += s.bytes * part;
      }
    });
    return bins;
  }
  function curves(part, label, lines, most, unit, limits = []) {
    const top = Math.max(most * 1.08, 1e-9);
    picture(part, label, (svg, width) => {
      const left = 76, height = 170, y = v => height - v / top * (height - 8);
      axis(svg, left, width, height);
      [0, .5, 1].forEach(f => {
        make(svg, "line", { class: "grid", x1: left, x2: width - 8, y1: y(f * most), y2: y(f * most) });
        make(svg, "text", { class: "soft", x: left - 6, y: Math.max(11, y(f * most) + 4), "text-anchor": "end" }, unit(f * most));
      });
      limits.forEach(([name, value]) => {
        make(svg, "line", { class: "copy", "stroke-dasharray": "5 4", x1: left, x2: width - 8, y1: y(value), y2: y(value) });
        make(svg, "text", { x: width - 10, y: y(value) - 4, "text-anchor": "end" }, name + " " + unit(value));
      });
      const clip = "clip-" + ++clips;
      make(make(svg, "clipPath", { id: clip }), "rect", { x: left, y: 0, width: width - left - 8, height: height + 2 });
      const inside = make(svg, "g", { "clip-path": `url(#${clip})` });
      lines.forEach(([kind, points]) => make(inside, "polyline", { class: "curve " + kind, fill: "none",
        points: points.map(([t, v]) => at(t, left, width).toFixed(1) + "," + y(v).toFixed(1)).join(" ") }));
      const seen = make(svg, "rect", { x: left, y: 0, width: width - left - 8, height, fill: "none", "pointer-events": "all" });
      svg.addEventListener("pointermove", event => {
        const [a, b] = view(), t = a + (event.offsetX - left) / (width - left - 8) * (b - a);
        seen.tip = [time(t), ...lines.map(([kind, points, name]) => name + ": " + unit((points.filter(p => p[0] <= t).pop() || [0, 0])[1]))].join("\n");
      }, true);
      tips(svg);
      svg.setAttribute("height", height + 22);
      return height + 22;
    });
    const keys = make(part, "ul", { class: "keys" });
    lines.forEach(([kind, , name]) => {
      const item = make(keys, "li");
      make(make(item, "svg", { viewBox: "0 0 10 10", "aria-hidden": "true" }), "rect", { class: kind, width: 10, height: 10 });
      item.append(name);
    });
  }
  function throughput() {
    const part = section("Throughput over time");
    const count = 60, size = whole / count;
    const reads = LANES.filter(([kind]) => ["cached", "direct", "buffered", "exchange"].includes(kind))
      .map(([kind, name, has]) => ({ kind, name, spans: records.flatMap(r => r.spans.filter(has)) })).filter(l => l.spans.length);
    if (!reads.length) { make(part, "p", {}, "No bytes came."); return; }
    reads.forEach(l => { l.bins = binned(l.spans, count); });
    const steps = bins => bins.flatMap((b, i) => [[i * size, b / size], [(i + 1) * size, b / size]]);
    const limits = (records[0].limits || []).map(l => [l.name, l.bytes_per_second]);
    const most = Math.max(...reads.flatMap(l => l.bins.map(b => b / size)), ...limits.map(l => l[1]));
    curves(part, "Bytes a second over time by way; the table below has its figures", reads.map(l => [l.kind, steps(l.bins), l.name]), most, speed, limits);
    table(details(part, "Throughput as a table"), "Throughput by parts of the time", [["From"], ...reads.map(l => [l.name, "number"])],
      Array.from({ length: count }, (_, i) => [time(i * size), ...reads.map(l => speed(l.bins[i] / size))]));
  }
  function ways() {
    const part = section("Bytes by way and by file", true);
    const totals = new Map();
    records.forEach(r => {
      if (r.load) [...r.load.report.files, ...(r.load.other_files ? [r.load.other_files] : [])].forEach(f =>
        Object.entries(f.bytes_by_path).forEach(([way, n]) => totals.set(way.replaceAll("_", " "), (totals.get(way.replaceAll("_", " ")) || 0) + n)));
      else r.spans.filter(s => s.way).forEach(s => totals.set(s.way, (totals.get(s.way) || 0) + s.bytes));
    });
    if (!totals.size) { make(part, "p", {}, "No bytes came."); return; }
    const all = sum([...totals.values()], n => n) || 1;
    const kind = way => way === "peer to peer" ? "peer" : way;
    table(part, "Bytes by way", [["Way"], ["Share", "share"], ["Bytes", "number"], ["Exactly", "number"]],
      [...totals].sort((a, b) => b[1] - a[1]).map(([way, n]) => [way, bar(n / all, kind(way)), bytes(n), String(n)]));
    if (!loads.length) return;
    const files = loads.flatMap(r => r.load.report.files.map(f => [r, f]));
    const largest = Math.max(1, ...files.map(([, f]) => f.bytes));
    const wayOf = f => kind((Object.entries(f.bytes_by_path).sort((a, b) => b[1] - a[1])[0] || ["cached"])[0].replaceAll("_", " "));
    make(part, "h3", {}, "Files");
    table(part, "Bytes by file", [["File"], ...(many ? [["Rank", "number"]] : []), ["Size", "share"], ["Bytes", "number"], ["Tensors", "number"], ["There after", "number"], ["Reads, all threads", "number"], ["Waiting for copies", "number"], ["Why so", "text"]],
      files.map(([r, f]) => [f.file, ...(many ? [String(r.rank)] : []), bar(f.bytes / largest, wayOf(f)), bytes(f.bytes), String(f.tensors), time(f.seconds), time(f.read_seconds), time(f.copy_seconds), cell => { make(cell, "div", {}, f.reason.text); make(cell, "span", { class: "code" }, f.reason.code); }]));
    loads.filter(r => r.load.other_files).forEach(r => make(part, "p", {}, who(r) + `and ${r.load.other_files.count} smaller files with ${bytes(r.load.other_files.bytes)}, which --json lists.`));
  }
  function memory() {
    const part = section("Memory");
    records.forEach(r => {
      const samples = r.memory.samples;
      if (!samples.length) { make(part, "p", {}, who(r) + "this system doesn't tell how much memory the process uses."); return; }
      const points = i => samples.map(s => [s[0] / 1e6 + r.shift, s[i]]);
      const lines = [["direct", points(1), "Memory of its own"], ["cached", points(2), "Pages of files, shared with the page cache"]];
      const most = Math.max(1, ...samples.map(s => Math.max(s[1], s[2])));
      if (many) make(part, "h3", {}, rankName(r));
      curves(part, "Memory of the process over time" + (many ? ", " + rankName(r) : "") + "; the table below has its figures", lines, most, bytes);
      table(details(part, "Memory as a table"), "Memory over time" + (many ? ", " + rankName(r) : ""), [["At"], ["Of its own", "number"], ["Pages of files", "number"]],
        samples.map(s => [time(s[0] / 1e6 + r.shift), bytes(s[1]), bytes(s[2])]));
    });
  }
  function choices() {
    const part = section("What was chosen, and why", true);
    const rows = [];
    loads.forEach(r => {
      const report = r.load.report;
      if (report.distribution) rows.push([who(r) + "distribution " + report.distribution, report.distribution_reason.code, report.distribution_reason.text]);
      report.plugins.forEach(p => rows.push([who(r) + p.kind + " " + p.id + (p.available ? ", available" : ", unavailable"), p.detail.code, p.detail.text]));
      report.conversions.forEach(c => rows.push([who(r) + c.tensors + " tensors " + c.from + " to " + c.to, c.reason.code, c.reason.text]));
    });
    if (rows.length) table(part, "Choices with the codes of their reasons", [["What"], ["Code", "code"], ["Why", "text"]], rows);
    else make(part, "p", {}, "The load failed before it told what it chose.");
  }
  function facts() {
    const part = section("Versions, settings and host", true);
    records.forEach(r => {
      table(details(part, who(r) + "host"), who(r) + "facts of the host", [["What"], ["Value", "text"]], r.facts.map(f => [f.name, f.text]));
      table(details(part, who(r) + "settings"), who(r) + "settings in force", [["Setting"], ["Value", "text"], ["Set by", "text"]], r.settings.map(s => [s.name, s.value, s.origin]));
      table(details(part, who(r) + "command"), who(r) + "arguments of the command", [["Number"], ["Argument", "text"]], r.command.map((c, i) => [String(i + 1), c]));
    });
  }
  [head, advice, timeline, throughput, ways, memory, choices, facts].forEach(each => each());
  redraws.forEach(each => each());
  let width = main.clientWidth;
  new ResizeObserver(() => {
    if (main.clientWidth !== width) { width = main.clientWidth; requestAnimationFrame(() => redraws.forEach(each => each())); }
  }).observe(main);
  addEventListener("beforeprint", () => document.querySelectorAll("details").forEach(each => { each.open = true; }));
})();
