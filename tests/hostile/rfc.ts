/**
 * Makes docs/rfc.md: every rule of the RFCs for a WebSocket endpoint, each with its test.
 *
 *     deno task docs:hostile
 *
 * @module
 */
import { type Document, DOCUMENTS, type Rule } from "./rfc_rules.ts";

/**
 * Writes the page.
 *
 * @returns Markdown.
 */
export function rfcPage(): string {
  return [
    "# The rules of the RFCs",
    "",
    "Every MUST and SHOULD of RFC 6455, 7692, 9112 and 9110 that applies to a WebSocket endpoint, taken line by line from",
    "their texts, in short, with a test that sees it broken, or the reason why there is none. MUST NOT, SHALL and REQUIRED",
    'stand under MUST, SHOULD NOT and RECOMMENDED under SHOULD; "Text" is what the RFC says in none of these words. Rules',
    "that say twice what stands here are named beside it. Left out are those for proxies, caches, browsers, authors of",
    "extensions and registries; of RFC 9110, those for content, ranges, conditions and methods that no handshake has: they",
    "are the handler's.",
    "",
    "Written by `deno task docs:hostile`; a test sees to it that every test that is named here exists.",
    ...DOCUMENTS.flatMap(section),
    "",
  ].join("\n");
}

function section({ title, rules }: Document): string[] {
  const lines = rules.map((rule) => `| §${rule.section} | ${rule.level} | ${rule.rule} | ${where(rule)} |`);
  return ["", `## ${title}`, "", "| Section | Level | Rule | Test |", "| --- | --- | --- | --- |", ...lines];
}

function where({ test, why }: Rule): string {
  return test === null ? `None: ${why}` : `[${test[1].replace(/[|<>[\]_*]/g, "\\$&")}](../tests/${test[0]})`;
}
