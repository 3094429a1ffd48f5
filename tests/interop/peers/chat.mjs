/**
 * Has three tabs talk in the chat room of examples/chat.ts, and takes a picture:
 *
 *     node chat.mjs URL FOLDER_OF_MODULES PATH_OF_CHROMIUM PICTURE
 *
 * @module
 */
import { createRequire } from "node:module";
import process from "node:process";
import { ARGS } from "./chromium.mjs";

const [url, folder, executablePath, picture] = process.argv.slice(2);
const { chromium } = createRequire(`${folder}/`)("playwright-core");

const TALK = [
  ["Ada", "Good morning! Does this tab work?"],
  ["Grace", "It does. I see every message as you send it."],
  ["Alan", "So do I, and I have only just opened mine."],
  ["Ada", "One program serves the page and the socket, on one port."],
  ["Grace", "<b>And markup is only text?</b>"],
  ["Alan", "Yes. ¿Qué más? Καλημέρα, привет!"],
];

const browser = await chromium.launch({ executablePath, args: ARGS });
try {
  const context = await browser.newContext({ viewport: { width: 900, height: 760 }, deviceScaleFactor: 1 });
  const tabs = {};
  const faults = [];
  for (const name of ["Ada", "Grace", "Alan"]) {
    const tab = tabs[name] = await context.newPage();
    tab.on("pageerror", (error) => faults.push(String(error)));
    tab.on("console", (message) => message.type() === "error" && faults.push(message.text()));
    await tab.goto(url);
    await say(tab, name);
    await tab.getByText(`${name} has joined`).waitFor();
  }
  for (const [name, text] of TALK) {
    await say(tabs[name], text);
    await Promise.all(Object.values(tabs).map((tab) => tab.getByText(text).last().waitFor()));
  }
  await tabs.Ada.bringToFront();
  await tabs.Ada.screenshot({ path: picture });
  const who = await tabs.Ada.locator("#who").textContent();
  const mine = await tabs.Ada.locator("li.mine").count();
  await tabs.Grace.close();
  await tabs.Ada.getByText("Grace has left").waitFor();
  const left = await tabs.Ada.locator("#who").textContent();
  console.log(JSON.stringify({ who, mine, left, faults: faults.filter((fault) => !fault.includes("favicon")) }));
} finally {
  await browser.close();
}

async function say(tab, text) {
  await tab.getByRole("textbox").fill(text);
  await tab.keyboard.press("Enter");
}
