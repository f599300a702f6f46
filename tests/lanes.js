// SPDX-License-Identifier: GPL-2.0-only
// Draws the lanes that tests/trace.py has laid out: lanes(picture) is an element.
"use strict";

function lanes(picture) {
	const COLOUR = {
		running: "#2e9e4f", waiting: "#a8dcb5", sleeping: "#e4e4e4", blocked: "#e8b04a", frozen: "#6aa8e8", stopped: "#c79fd6",
		suspend: "#8a8f98", barrier: "#d9534f", victims: "#f0c36d",
	};
	const MARK = {
		mark: ["M", "#c00000"], kill: ["K", "#c00000"], signal: ["9", "#a05050"], thaw: ["T", "#b8860b"], freeze: ["F", "#1f6fbf"],
		drop: ["D", "#6a1b9a"], io: ["IO", "#00695c"], quiesced: ["Q", "#37474f"], step: ["·", "#666666"],
	};
	const NS = "http://www.w3.org/2000/svg", LEFT = 170, ROW = 22, TOP = 24;

	function make(name, attributes, text) {
		const e = document.createElementNS(NS, name);
		for (const key in attributes)
			e.setAttribute(key, attributes[key]);
		if (text !== undefined)
			e.textContent = text;
		return e;
	}

	function titled(e, words) {
		e.append(make("title", {}, words));
		return e;
	}

	const width = LEFT + picture.width + 60, height = TOP + ROW * picture.rows.length + 10;
	const svg = make("svg", {width, height, viewBox: `0 0 ${width} ${height}`, "font-family": "sans-serif", "font-size": 11});

	for (const [x, words] of picture.ticks) {
		svg.append(make("line", {x1: LEFT + x, x2: LEFT + x, y1: TOP - 6, y2: height, stroke: "#f2f2f2"}));
		svg.append(make("text", {x: LEFT + x + 2, y: 12, fill: "#888"}, words));
	}
	picture.rows.forEach((row, i) => {
		const y = TOP + i * ROW;
		svg.append(make("text", {x: 4, y: y + 13, fill: row.kind === "task" ? "#000" : "#555"}, row.label));
		for (const [from, to, state, us] of row.spans) {
			const colour = COLOUR[row.kind === "task" ? state : row.kind] || "#fff";
			const box = make("rect", {x: LEFT + from, y: y + 3, width: Math.max(to - from, 0.6), height: ROW - 9, fill: colour});
			svg.append(titled(box, `${row.label}: ${state}, ${us} µs`));
			if (row.kind !== "task" && to - from > 40)
				svg.append(make("text", {x: LEFT + from + 3, y: y + 13, fill: "#222", "font-size": 10}, state));
		}
		for (const [x, kind, words, ms] of row.marks) {
			const [sign, colour] = MARK[kind] || MARK.step;
			const text = make("text", {x: LEFT + x - 3, y: y + (kind === "step" ? 20 : 13), fill: colour, "font-weight": "bold"}, sign);
			svg.append(titled(text, `${row.label}: ${words}, at ${ms} ms`));
		}
	});

	const legend = document.createElement("p"), box = document.createElement("div"), all = document.createElement("div");
	for (const state of ["running", "waiting", "sleeping", "blocked", "frozen", "stopped"]) {
		const sample = document.createElement("span");
		sample.style.cssText = `display:inline-block;width:12px;height:12px;margin:0 4px 0 12px;background:${COLOUR[state]}`;
		legend.append(sample, state);
	}
	for (const kind in MARK) {
		const sample = document.createElement("b");
		sample.style.cssText = `color:${MARK[kind][1]};margin:0 4px 0 12px`;
		sample.textContent = MARK[kind][0];
		legend.append(sample, {mark: "marked", kill: "chosen", signal: "SIGKILL", thaw: "thawed", freeze: "frozen", drop: "dropped",
			io: "block IO", quiesced: "no more IO", step: "step of do_exit"}[kind]);
	}
	box.style.cssText = "overflow-x:auto;border:1px solid #ddd";
	box.append(svg);
	legend.style.cssText = "font:12px sans-serif";
	all.append(legend, box);
	return all;
}
