// What the page says of an answer, and what it does not: how often an answer as clear as this one
// was right was counted, on drawings of classes that were held out, before the page was written.
// `zsbir_lib.web.certainty` counted it; the page only compares with its threshold.

import { readable } from "./parts.js";

const percent = (share) => `${Math.round(100 * share)} in 100`;

// Return {head, text, sure}: sure is "yes", "no", or "" where it is not known.
export function verdict(about, { method, results, clearness }) {
  const { certainty } = about.methods[method];
  const { label, cosine } = results[0];
  if (!certainty) {
    return { head: label ? `Nearest photo: ${readable(label)}.` : "These are the nearest photos.",
      text: "How often that is right was not counted for this method.", sure: "" };
  }
  const whose = certainty.source === "people" ? "people's drawings" : "the data set's own sketches";
  const counted = (share) => `Of ${whose} with ` +
    `${clearness < certainty.threshold ? "no clearer" : "as clear"} an answer, ` +
    `${percent(share)} had the right kind first.`;
  if (clearness < certainty.threshold) {
    const kinds = new Set(results.map((result) => result.label));
    const mixed = label && kinds.size > 1 ? `are of ${kinds.size} kinds`
      : "do not resemble each other enough";
    return { head: "Not sure.", sure: "no", text: `The nearest photo is ${cosine.toFixed(2)} away, ` +
      `and the first ${results.length} ${mixed}. ${counted(certainty.right_when_unsure)}` };
  }
  const right = certainty.right_when_sure;
  const word = right >= 0.75 ? "Most likely" : right >= 0.5 ? "Probably" : "Perhaps";
  return { head: label ? `${word}: ${readable(label)}.` : `${word} these.`, sure: "yes",
    text: counted(right) };
}
