// The total of a pledge as it is chosen; the server computes it again and only compares.
const form = document.querySelector("form[data-total]");
if (form) {
  const out = form.querySelector("[data-sum]");
  const yuan = (fen) => "¥" + (fen / 100).toLocaleString("en", { minimumFractionDigits: fen % 100 ? 2 : 0 });
  const sum = () => {
    const chosen = form.querySelector("input[name=tier]:checked");
    const quantity = Number(form.elements.quantity?.value || 1);
    const free = Math.round(Number(form.elements.amount?.value || 0) * 100);
    const fen = chosen && chosen.value ? (Number(chosen.dataset.price) + Number(chosen.dataset.shipping)) * quantity : free;
    out.textContent = Number.isFinite(fen) && fen > 0 ? yuan(fen) : "—";
  };
  form.addEventListener("input", sum);
  sum();
}
