import bash from "highlight.js/lib/languages/bash";
import c from "highlight.js/lib/languages/c";
import diff from "highlight.js/lib/languages/diff";
import highlighter from "highlight.js/lib/core";
import json from "highlight.js/lib/languages/json";
import yaml from "highlight.js/lib/languages/yaml";
import MarkdownIt from "markdown-it";
import { readLink } from "../../workshop/links.ts";

highlighter.registerLanguage("c", c);
highlighter.registerLanguage("json", json);
highlighter.registerLanguage("bash", bash);
highlighter.registerLanguage("diff", diff);
highlighter.registerLanguage("yaml", yaml);
highlighter.registerAliases(["sh", "console", "shell"], { languageName: "bash" });

const PICTURE = /^data:image\/(?:png|jpeg|gif|webp);base64,/i;
/** Past this a block is shown without colours: colouring takes time on the page's own thread. */
const MAX_COLOURED = 40_000;

const markdown = new MarkdownIt({
  // Markup in a workshop's text is shown, never run: the text may come from anybody.
  html: false,
  linkify: false,
  typographer: true,
  quotes: "“”‘’",
  highlight: (text, language) => (highlighter.getLanguage(language) && text.length < MAX_COLOURED ? highlighter.highlight(text, { language, ignoreIllegals: true }).value : ""),
});

/** A link is followed only where readLink knows what it means; anything else stays text. */
markdown.validateLink = (href) => readLink(href) !== null || PICTURE.test(href);

type Rule = NonNullable<typeof markdown.renderer.rules.text>;
const link: Rule = (tokens, i, options, _env, self) => {
  const token = tokens[i]!;
  const href = String(token.attrGet("href") ?? "");
  const meaning = readLink(href);
  if (meaning?.kind === "web") {
    token.attrSet("target", "_blank");
    token.attrSet("rel", "noopener noreferrer");
  } else {
    token.attrSet("href", "#");
    token.attrSet("role", "button");
    token.attrSet("data-do", meaning === null ? "" : href);
    token.attrJoin("class", "do");
  }
  return self.renderToken(tokens, i, options);
};
/** Only pictures that are inside the text are shown: one from elsewhere would tell its server who reads. */
const image: Rule = (tokens, i, options, env, self) => {
  const token = tokens[i]!;
  const src = String(token.attrGet("src") ?? "");
  const alt = self.renderInlineAsText(token.children ?? [], options, env);
  if (!PICTURE.test(src)) return `<em>${markdown.utils.escapeHtml(alt || "picture")}</em>`;
  return `<img src="${markdown.utils.escapeHtml(src)}" alt="${markdown.utils.escapeHtml(alt)}" />`;
};
markdown.renderer.rules["link_open"] = link;
markdown.renderer.rules["image"] = image;
markdown.renderer.rules["table_open"] = () => '<div class="table-scroll"><table class="table">\n';
markdown.renderer.rules["table_close"] = () => "</table></div>\n";

/** HTML of a workshop's text: no markup of its own, no address that is not known to be harmless. */
export function renderMarkdown(text: string): string {
  return markdown.render(text);
}
