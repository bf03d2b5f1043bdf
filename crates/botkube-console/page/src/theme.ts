// Light, dark, or as the system is: what the person chose, kept in the browser. Knows no element but the document's root.

export type Theme = "system" | "light" | "dark";

const STORED = "botkube.theme";
const ORDER: Theme[] = ["system", "light", "dark"];

export function theme(): Theme {
  const stored = keep();
  return ORDER.find((one) => one === stored) ?? "system";
}

/** Shows the page as was chosen. */
export function applyTheme(chosen = theme()): void {
  const { dataset } = document.documentElement;
  if (chosen === "system") delete dataset["theme"];
  else dataset["theme"] = chosen;
}

/** Chooses the next one. */
export function cycleTheme(): Theme {
  // Where nothing is stored, what is shown counts.
  const shown = ORDER.find((one) => one === document.documentElement.dataset["theme"]) ?? "system";
  const next = ORDER[(ORDER.indexOf(shown) + 1) % ORDER.length]!;
  keep(next);
  applyTheme(next);
  return next;
}

function keep(chosen?: Theme): string | null {
  try {
    if (chosen) localStorage.setItem(STORED, chosen);
    return localStorage.getItem(STORED);
  } catch {
    // A still that is opened as a file may have no storage.
    return null;
  }
}
