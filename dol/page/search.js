const query = document.getElementById("query");
const found = document.getElementById("found");
query.addEventListener("input", () => {
  const words = query.value.toLowerCase().split(/\s+/).filter(Boolean);
  found.replaceChildren();
  if (words.length === 0) return;
  const hits = entries.filter((e) => words.every((w) => (e.n + " " + e.k + " " + e.t).toLowerCase().includes(w)));
  hits.sort((a, b) => a.n.length - b.n.length || (a.n < b.n ? -1 : 1));
  for (const e of hits.slice(0, 50)) {
    const link = document.createElement("a");
    link.href = e.p;
    link.textContent = e.n;
    const item = document.createElement("li");
    item.append(link, " " + e.k + (e.t ? ": " + e.t : ""));
    found.append(item);
  }
});
