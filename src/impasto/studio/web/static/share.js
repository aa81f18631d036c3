// The link that shows the painting, copied by a button; a page of plain http may not copy.

const copy = document.getElementById("copy"), link = document.getElementById("link");
if (copy && navigator.clipboard) {
  copy.hidden = false;
  copy.addEventListener("click", async () => {
    const said = document.getElementById("copied");
    try {
      await navigator.clipboard.writeText(link.value);
      said.textContent = "Copied.";
    } catch {
      link.select();
      said.textContent = "Copy it by hand: it is selected.";
    }
  });
}
