// A search field above each table that stands in <div class="filterable">. Without JavaScript the table is whole.
(() => {
  const add = (box, number) => {
    const table = box.querySelector("table");
    if (!table || box.querySelector(".filter")) return;
    const rows = [...table.tBodies[0].rows];
    if (rows.length < 3) return;
    const bar = document.createElement("div");
    bar.className = "filter";
    const field = document.createElement("input");
    field.type = "search";
    field.id = `filter-${number}`;
    field.placeholder = "Filter, for example: queue";
    const label = document.createElement("label");
    label.htmlFor = field.id;
    label.textContent = "Filter";
    const told = document.createElement("span");
    told.setAttribute("role", "status");
    const apply = () => {
      const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      for (const row of rows) {
        const text = row.textContent.toLowerCase();
        row.hidden = !words.every((word) => text.includes(word));
        shown += !row.hidden;
      }
      told.textContent = `${shown} of ${rows.length}`;
    };
    field.addEventListener("input", apply);
    bar.append(label, field, told);
    box.prepend(bar);
    apply();
  };
  const start = () => document.querySelectorAll(".filterable").forEach(add);
  window.document$ ? window.document$.subscribe(start) : addEventListener("DOMContentLoaded", start);
})();
