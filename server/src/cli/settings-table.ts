import { definitionOf, environmentNameOf, flagOf, settingNames } from "../settings.js";

/** Every setting as a table of Markdown: what docs/OPERATING.md holds. */
export function formatSettingsTable(): string {
  const rows = settingNames.map((name) => {
    const { default: written, valid, description } = definitionOf(name);
    const names = [name, flagOf(name), environmentNameOf(name)].map((text) => `\`${text}\``);
    return [names.join("<br>"), written === "" ? "" : `\`${written}\``, valid, description];
  });
  const lines = [["setting, flag, environment", "default", "valid", "what it does"], ...rows].map(
    (cells) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`,
  );
  return [lines[0], "|---|---|---|---|", ...lines.slice(1)].join("\n");
}
