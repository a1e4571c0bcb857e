/** The style of the matrix: readable on light and dark screens, on a phone, and on paper. */
export const matrixStyle = `
:root { color-scheme: light dark;
  --page: light-dark(#ffffff, #12151b); --card: light-dark(#f6f8fa, #1b1f27); --line: light-dark(#dfe3e8, #323846);
  --text: light-dark(#1c2128, #e3e7ee); --quiet: light-dark(#5a6472, #97a1b2);
  --good: light-dark(#1a7f45, #6fcf97); --good-back: light-dark(#e4f4ea, #173224);
  --bad: light-dark(#b42318, #ff8f85); --bad-back: light-dark(#fdeae8, #3b1d1c);
  --known: light-dark(#8a5a00, #f0c674); --known-back: light-dark(#fdf3dc, #352b16); --cell: 2.6rem; }
* { box-sizing: border-box; }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--text); background: var(--page); margin: 0 auto;
  max-width: 76rem; padding: 1.5rem 1.25rem 4rem; }
h1 { margin: 0; font-size: 1.7rem; letter-spacing: -.01em; }
h2 { font-size: 1.2rem; margin: 2.2rem 0 .6rem; }
p.lead { color: var(--quiet); margin: .3rem 0 1.2rem; max-width: 44rem; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(14rem, 1fr)); gap: .8rem; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: .8rem 1rem; }
.card h3 { margin: 0; font-size: 1rem; display: flex; justify-content: space-between; gap: .5rem; }
.card h3 span { white-space: nowrap; font-variant-numeric: tabular-nums; }
.card p { margin: .3rem 0 0; color: var(--quiet); font-size: .82rem; }
.bar { display: flex; height: .45rem; border-radius: 1rem; overflow: hidden; background: var(--line); margin-top: .5rem; }
.bar i { background: var(--good); } .bar i.bad { background: var(--bad); } .bar i.known { background: var(--known); }
.good { color: var(--good); } .bad { color: var(--bad); }
.tools { position: sticky; top: 0; z-index: 2; display: flex; flex-wrap: wrap; align-items: center; gap: .5rem .9rem;
  background: var(--page); padding: .7rem 0; margin-top: 1.2rem; border-bottom: 1px solid var(--line); }
.tools input[type=search] { flex: 1 1 14rem; font: inherit; color: inherit; background: var(--card);
  border: 1px solid var(--line); border-radius: 8px; padding: .4rem .7rem; min-width: 0; }
.tools label { white-space: nowrap; color: var(--quiet); } #count { color: var(--quiet); font-size: .85rem; }
table { border-collapse: collapse; width: 100%; table-layout: fixed; }
thead th { padding: .5rem .2rem; font-size: .85rem; vertical-align: bottom; border-bottom: 2px solid var(--line); }
thead th.subject { width: 6.5rem; overflow-wrap: anywhere; } thead th.case { text-align: left; padding-left: .7rem; }
tr.suite th { text-align: left; background: var(--card); padding: .45rem .7rem; font-size: .9rem; }
tr.suite td { background: var(--card); border-bottom: 0; font-size: .8rem; color: var(--quiet); text-align: center; font-variant-numeric: tabular-nums; }
tr.suite small { font-weight: 400; }
tbody th.case { text-align: left; font-weight: 400; padding: .3rem .7rem; border-bottom: 1px solid var(--line); }
tbody th.case small, .tag { color: var(--quiet); font-size: .75rem; } small.clauses { display: block; overflow-wrap: anywhere; }
td { text-align: center; border-bottom: 1px solid var(--line); padding: .15rem; }
td button { font: inherit; border: 0; cursor: pointer; width: var(--cell); max-width: 100%; height: 1.7rem; border-radius: 6px;
  background: none; color: var(--quiet); }
td button:hover, td button:focus-visible { outline: 2px solid var(--quiet); }
button.passed { color: var(--good); background: var(--good-back); }
button.failed, button.unexpected-pass { color: var(--bad); background: var(--bad-back); font-weight: 700; }
button.known-failure, button.failed.may { color: var(--known); background: var(--known-back); }
.legend { display: flex; flex-wrap: wrap; gap: .3rem 1.1rem; color: var(--quiet); font-size: .82rem; margin: .8rem 0 0; padding: 0; list-style: none; }
dialog { color: inherit; background: var(--page); width: min(64rem, 94vw); max-height: 90vh; border: 1px solid var(--line);
  border-radius: 12px; padding: 1.2rem 1.5rem; } dialog::backdrop { background: rgb(0 0 0 / .45); }
dialog form { float: right; } dialog form button { font-size: 1.3rem; line-height: 1; border: 0; background: none; cursor: pointer; color: inherit; }
dialog h3 { margin: 0 2rem .2rem 0; } dt { font-weight: 600; margin-top: .5rem; } dd { margin: 0; color: var(--quiet); }
pre { overflow: auto; white-space: pre-wrap; overflow-wrap: anywhere; background: var(--card); padding: .8rem; border-radius: 8px; font-size: .78rem; max-height: 24rem; }
pre.reason { color: var(--bad); white-space: pre-wrap; overflow-wrap: anywhere; }
@media (max-width: 46rem) { body { padding: 1rem .7rem 3rem; } :root { --cell: 1.9rem; }
  thead th.subject { width: 2.3rem; height: 7rem; padding: .3rem 0; } thead th.subject span { writing-mode: vertical-rl; transform: rotate(180deg);
    max-height: 6.6rem; overflow: hidden; white-space: nowrap; text-overflow: ellipsis; }
  thead th.case { padding-left: 0; } tr.suite td { font-size: .65rem; padding: 0; } tbody th.case { padding: .3rem .4rem .3rem 0; font-size: .9rem; } tr.suite th { padding: .4rem; } }
@media print { .tools, dialog { display: none; } }
`;
