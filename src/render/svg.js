"use strict";
(function () {
  const MARGIN = 10, COLUMN = 7.25;
  const svg = document.documentElement, $ = (id) => document.getElementById(id);
  const width = +svg.getAttribute("width") - 2 * MARGIN;
  const frames = [...$("frames").children].map((g) => {
    const rect = g.querySelector("rect"), title = g.querySelector("title").textContent;
    const cut = title.lastIndexOf(" (");
    return {
      g, rect, text: g.querySelector("text"), name: title.slice(0, cut), title,
      x: +rect.getAttribute("x") - MARGIN, y: +rect.getAttribute("y"), w: +rect.getAttribute("width"),
    };
  });
  const root = frames[0];
  let zoomed = root, query = null;

  function label(frame, x, w) {
    const columns = Math.floor((w - 6) / COLUMN);
    if (columns < 3) {
      if (frame.text) frame.text.textContent = "";
      return;
    }
    if (!frame.text) {
      frame.text = document.createElementNS(svg.namespaceURI, "text");
      frame.text.setAttribute("y", frame.y + 12);
      frame.g.appendChild(frame.text);
    }
    frame.text.setAttribute("x", x + 3);
    frame.text.textContent = frame.name.length <= columns ? frame.name : frame.name.slice(0, columns - 2) + "..";
  }

  function show() {
    const scale = width / zoomed.w, slack = 0.011, left = zoomed.x, right = zoomed.x + zoomed.w;
    const down = Math.sign(root.y - zoomed.y) || 0;
    for (const f of frames) {
      const above = f !== zoomed && f.x <= left + slack && f.x + f.w >= right - slack &&
        (f.w > zoomed.w + slack || Math.abs(f.y - root.y) < Math.abs(zoomed.y - root.y));
      const inside = f.x >= left - slack && f.x + f.w <= right + slack;
      f.g.style.display = above || inside ? "" : "none";
      if (!above && !inside) continue;
      const x = MARGIN + (above ? 0 : (f.x - left) * scale), w = above ? width : f.w * scale;
      f.rect.setAttribute("x", x);
      f.rect.setAttribute("width", w);
      f.rect.classList.toggle("above", above);
      label(f, x, w);
    }
    $("reset").style.display = zoomed === root && !query ? "none" : "";
  }

  function search(text) {
    query = null;
    try {
      query = text ? new RegExp(text) : null;
    } catch (e) {
      query = new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    }
    const spans = [];
    for (const f of frames) {
      const hit = query && query.test(f.name);
      f.rect.classList.toggle("other", Boolean(query && !hit));
      f.rect.classList.toggle("hit", Boolean(hit));
      if (hit) spans.push([f.x, f.x + f.w]);
    }
    spans.sort((a, b) => a[0] - b[0]);
    let sum = 0, end = 0;
    for (const [from, to] of spans) {
      if (to > end) sum += to - Math.max(from, end);
      end = Math.max(end, to);
    }
    $("matched").textContent = query ? "matched " + (100 * sum / root.w).toFixed(1) + " %" : "";
    $("reset").style.display = zoomed === root && !query ? "none" : "";
  }

  function ask() {
    const text = prompt("Search for a regular expression:", "");
    if (text !== null) search(text);
  }

  function reset() {
    zoomed = root;
    search("");
    show();
  }

  const of = (target) => {
    const g = target.closest && target.closest("#frames g");
    return g && frames.find((f) => f.g === g);
  };
  $("search").style.display = "";
  $("search").addEventListener("click", ask);
  $("reset").addEventListener("click", reset);
  $("frames").addEventListener("click", (event) => {
    const frame = of(event.target);
    if (frame) zoomed = frame;
    show();
  });
  $("frames").addEventListener("mouseover", (event) => {
    const frame = of(event.target);
    $("details").textContent = frame ? frame.title : "";
  });
  addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key === "f" || event.key === "F3" || event.key === "/") {
      event.preventDefault();
      ask();
    } else if (event.key === "Escape") {
      reset();
    }
  });
})();
