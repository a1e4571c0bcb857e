import {
  definitionOf,
  environmentNameOf,
  flagOf,
  groupOf,
  type SettingName,
  settingNames,
} from "../settings.js";

/** Every setting as a table of Markdown: what docs/OPERATING.md holds. */
export function formatSettingsTable(): string {
  const rows = settingNames.flatMap((name, index) => {
    const group = groupOf(name);
    const previous = settingNames[index - 1];
    const isFirst = previous === undefined || groupOf(previous) !== group;
    return isFirst ? [[`**${group}**`, "", "", ""], toRow(name)] : [toRow(name)];
  });
  const lines = [["setting, flag, environment", "default", "valid", "what it does"], ...rows].map(
    (cells) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`,
  );
  return [lines[0], "|---|---|---|---|", ...lines.slice(1)].join("\n");
}

function toRow(name: SettingName): string[] {
  const { default: written, valid, description } = definitionOf(name);
  const names = [name, flagOf(name), environmentNameOf(name)].map((text) => `\`${text}\``);
  return [names.join("<br>"), written === "" ? "" : `\`${written}\``, valid, description];
}
