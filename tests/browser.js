// SPDX-License-Identifier: GPL-2.0-only
// node browser.js PAGE CHROMIUM CELL: opens the page of designs from file:// in a headless Chromium, as a reader does: clicks a failing
// cell and looks at its lanes. TAP.
"use strict";

const {chromium} = require("playwright-core");
const [page, executablePath, cell] = process.argv.slice(2);

async function main() {
	const browser = await chromium.launch({executablePath, args: ["--no-sandbox"]});
	const tab = await browser.newPage();
	const errors = [], asked = [];
	let n = 0, failed = 0;

	function check(good, what, seen) {
		console.log(`${good ? "ok" : "not ok"} ${++n} - browser.${what}${good ? "" : ` # ${seen}`}`);
		failed += !good;
	}

	tab.on("pageerror", (e) => errors.push(e.message));
	tab.on("console", (m) => m.type() === "error" && errors.push(m.text()));
	tab.on("request", (r) => asked.push(r.url()));
	console.log("1..5");
	await tab.goto("file://" + page);

	const held = await tab.locator("td.held").count(), broken = await tab.locator("td.broken").count();
	check(held > 0 && broken > 0, "cells", `${held} held, ${broken} broken`);

	const td = tab.locator(`td.broken[data-cell="${cell}"]`);
	const text = await td.textContent();
	await td.click();
	const title = await tab.locator("#detail h2").textContent(), words = await tab.locator("#detail > p").textContent();
	check(title === cell && text.split(" ").every((id) => words.includes(id)), "words", `${title}: ${words}`);

	const again = await tab.locator("#detail pre").textContent();
	check(again.includes("again: tests/designs.py "), "command", again);

	const boxes = await tab.locator("#detail svg rect").count(), view = await tab.locator("#detail svg").boundingBox();
	const labels = (await tab.locator("#detail svg text").allTextContents()).join(" ");
	check(boxes > 20 && view.width > 200 && view.height > 60 && labels.includes("victims") && labels.includes("barrier"), "lanes",
		`${boxes} boxes, ${JSON.stringify(view)}`);

	check(errors.length === 0 && asked.every((url) => url.startsWith("file://")), "alone", errors.concat(asked).join(" "));
	await browser.close();
	process.exit(failed ? 1 : 0);
}

main().catch((e) => {
	console.error(e.message.split("\n")[0]);
	process.exit(1);
});
