// Over each drawn chart an invisible one of uPlot: values under the pointer, one cursor for the page, a stretch of time to pick.
(() => {
  "use strict";
  if (!window.uPlot) return;
  const page = uPlot.sync("page");
  // What is counted is said in full; only what is measured is rounded.
  const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 2 }), small = new Intl.NumberFormat("en", { maximumSignificantDigits: 5 });
  const written = value => (Math.abs(value) < 1000 ? small : whole).format(value);
  const two = value => String(value).padStart(2, "0");

  // In the zone that the page is shown in; in UTC where the browser does not know it.
  const zone = document.body.dataset.zone;
  let local = null;
  try {
    if (zone) local = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit" });
  } catch { /* Then it says UTC. */ }

  function when(ms, step) {
    if (local) return step >= 86400000 ? local.format(ms).slice(0, 10) : local.format(ms);
    const time = new Date(ms), day = `${time.getUTCFullYear()}-${two(time.getUTCMonth() + 1)}-${two(time.getUTCDate())}`;
    return step >= 86400000 ? day : `${day} ${two(time.getUTCHours())}:${two(time.getUTCMinutes())} UTC`;
  }

  const shown = (value, unit) => value == null ? "–" : unit === "$" ? "$" + written(value) : written(value) + (unit ? " " + unit : "");

  function fill(tip, data, index) {
    const head = document.createElement("p"), rows = document.createElement("dl");
    head.textContent = when(data.times[index], data.step);
    for (const series of [...data.series].reverse()) {
      const name = document.createElement("dt"), value = document.createElement("dd"), dot = document.createElement("i");
      dot.className = "swatch " + series.color;
      name.append(dot, series.name);
      value.textContent = shown(series.values[index], data.unit);
      rows.append(name, value);
    }
    tip.replaceChildren(head, rows);
    if (!data.hint) return;
    const hint = document.createElement("p");
    hint.textContent = data.hint;
    tip.append(hint);
  }

  const iso = ms => new Date(Math.round(ms / 1000) * 1000).toISOString().replace(".000Z", "Z");

  function pick(data, from, to) {
    const address = new URL(location.href);
    address.searchParams.set("from", iso(Math.floor(from / data.step) * data.step));
    address.searchParams.set("to", iso(Math.ceil(to / data.step) * data.step));
    address.searchParams.delete("cursor");
    location.assign(address);
  }

  // The list behind the chart, of the moment that was pointed at.
  function list(data, index) {
    const address = new URL(data.open, location.href);
    address.searchParams.set("from", iso(data.times[index]));
    address.searchParams.set("to", iso(data.times[index] + data.step));
    location.assign(address);
  }

  function cover(plot) {
    if (plot.dataset.covered) return;
    plot.dataset.covered = "yes";
    const data = JSON.parse(plot.dataset.chart), drawing = plot.querySelector(":scope > svg[role=img]");
    if (data.times.length === 0) return;
    data.hint = plot.dataset.hint;
    data.open = plot.dataset.open;
    const over = document.createElement("div"), tip = document.createElement("div");
    over.className = "chart-over";
    tip.className = "tip";
    tip.hidden = true;
    plot.append(over, tip);
    const color = name => { const probe = document.createElement("i"); probe.className = name; over.append(probe); const value = getComputedStyle(probe).getPropertyValue("--c"); probe.remove(); return value; };
    const colors = data.series.map(series => color(series.color));
    const size = () => ({ width: Math.max(40, drawing.clientWidth), height: Math.max(40, drawing.clientHeight) });
    const middles = data.times.map(time => time + data.step / 2);
    const chart = new uPlot({
      ...size(), padding: [0, 0, 0, 0], legend: { show: false }, axes: [{ show: false }, { show: false }],
      scales: { x: { time: false, range: [data.from, data.to] }, y: { range: [0, data.top] } },
      series: [{}, ...data.series.map(() => ({ paths: () => null, points: { show: false } }))],
      cursor: {
        y: false, sync: { key: page.key, setSeries: false }, drag: { x: data.zoom, y: false, setScale: false },
        points: { size: 7, width: 1.5, fill: (_, i) => colors[i - 1], stroke: () => "var(--surface)" },
      },
      hooks: {
        setCursor: [self => {
          const { idx, left } = self.cursor, here = idx != null && left >= 0;
          tip.hidden = !here || !over.matches(":hover");
          if (tip.hidden) return;
          fill(tip, data, idx);
          tip.classList.toggle("is-left", left > self.width / 2);
        }],
        setSelect: [self => {
          // The other charts of the page select along; only the one under the pointer speaks.
          if (self.select.width > 6 && over.matches(":hover")) pick(data, self.posToVal(self.select.left, "x"), self.posToVal(self.select.left + self.select.width, "x"));
        }],
      },
    }, [middles, ...data.series.map(series => series.heights ?? series.values)], over);
    page.sub(chart);
    if (data.open) {
      over.classList.add("is-open");
      over.addEventListener("click", () => { if (chart.select.width <= 3 && chart.cursor.idx != null) list(data, chart.cursor.idx); });
    }

    new ResizeObserver(() => chart.setSize(size())).observe(drawing);
  }

  const coverAll = within => { for (const plot of within.querySelectorAll(".plot[data-chart]")) cover(plot); };
  coverAll(document);
  document.addEventListener("htmx:load", event => coverAll(event.detail.elt));
})();
