/**
 * Has three tabs talk in the chat room of examples/chat.ts, cuts them off and lets them come back, looks at each state of
 * the page with axe, and takes pictures:
 *
 *     node chat.mjs URL FOLDER_OF_MODULES PATH_OF_CHROMIUM FOLDER_OF_PICTURES
 *
 * It prints `cut` when the server should end, and `restore` when it should be there again on the same port; after each
 * it waits for a line of standard input. The last line is its report.
 *
 * @module
 */
import { createRequire } from "node:module";
import process from "node:process";
import { createInterface } from "node:readline/promises";
import { ARGS } from "./chromium.mjs";

const [url, folder, executablePath, pictures] = process.argv.slice(2);
const require = createRequire(`${folder}/`);
const { chromium } = require("playwright-core");
const axe = require.resolve("axe-core");

const TALK = [
  ["Ada", "Good morning! Does this tab work?"],
  ["Grace", "It does. I see every message as you send it."],
  ["Alan", "So do I, and I have only just opened mine."],
  ["Ada", "One program serves the page and the socket, on one port."],
  ["Grace", "<b>And markup is only text?</b>"],
  ["Alan", "Yes. ¿Qué más? Καλημέρα, привет!"],
];

const lines = createInterface({ input: process.stdin });
const browser = await chromium.launch({ executablePath, args: ARGS });
const report = { guests: "", mine: 0, left: "", kept: 0, axe: [], faults: [] };
try {
  const context = await browser.newContext({ viewport: { width: 900, height: 760 }, colorScheme: "light" });
  const small = await browser.newContext({ viewport: { width: 375, height: 667 }, colorScheme: "dark" });
  const tabs = {};
  for (const name of ["Ada", "Grace", "Alan"]) {
    const tab = tabs[name] = await (name === "Alan" ? small : context).newPage();
    tab.on("pageerror", (error) => report.faults.push(String(error)));
    await tab.goto(url);
    if (name !== "Grace") await look(tab, name === "Ada" ? "before" : "before-dark");
    await tab.getByLabel("Your name").fill(name);
    await tab.keyboard.press("Enter");
    await tab.getByLabel("Who is here").getByText(`${name} (you)`).waitFor();
  }
  for (const [name, text] of TALK) {
    await say(tabs[name], text);
    await Promise.all(Object.values(tabs).map((tab) => tab.getByText(text).last().waitFor()));
  }
  await look(tabs.Ada, "chat");
  await look(tabs.Alan, "chat-dark");
  report.guests = await guests(tabs.Ada);
  report.mine = await tabs.Ada.locator("li.mine").count();
  await tabs.Grace.close();
  await tabs.Ada.getByText("Grace has left").waitFor();
  report.left = await guests(tabs.Ada);

  await ask("cut");
  await tabs.Ada.getByText("The connection is lost").waitFor();
  await tabs.Alan.getByText("The connection is lost").waitFor();
  await say(tabs.Ada, "Written while offline");
  await tabs.Ada.getByText("waiting for the connection").waitFor();
  await look(tabs.Ada, "offline");
  await look(tabs.Alan, "offline-dark");
  await ask("restore");
  // Both come back by themselves; Alan's listens before Ada's message is sent.
  await tabs.Alan.getByRole("button", { name: "Try now" }).click().catch(() => {});
  await tabs.Alan.getByText("In “lobby”").waitFor();
  await tabs.Ada.getByRole("button", { name: "Try now" }).click().catch(() => {});
  await tabs.Alan.getByText("Written while offline").waitFor();
  await tabs.Ada.getByText("waiting for the connection").waitFor({ state: "detached" });
  report.kept = await tabs.Ada.getByText("Written while offline").count();
} finally {
  await browser.close();
  lines.close();
}
console.log(JSON.stringify(report));

/** Takes a picture, and has axe look for what somebody could not see, read or reach. */
async function look(tab, name) {
  await tab.bringToFront();
  await tab.screenshot({ path: `${pictures}/${name}.png` });
  await tab.addScriptTag({ path: axe });
  const { violations } = await tab.evaluate("axe.run()");
  for (const { id, nodes } of violations) {
    report.axe.push(`${name}: ${id} ${nodes.map((node) => node.html.slice(0, 80)).join(" ")}`);
  }
}

async function guests(tab) {
  return (await tab.getByLabel("Who is here").locator("li").allTextContents()).join(", ");
}

async function say(tab, text) {
  await tab.getByLabel("Message", { exact: true }).fill(text);
  await tab.keyboard.press("Enter");
}

/** Asks the test for something, and waits until it is done. */
async function ask(what) {
  const answer = new Promise((resolve) => lines.once("line", resolve));
  console.log(what);
  await answer;
}
