// Buttons that copy: data-copy names the field, data-done says what the button then reads.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const field = document.getElementById(button.dataset.copy);
  field.select();
  // Without TLS there is no clipboard API, and the old way still works.
  const copied = navigator.clipboard ? navigator.clipboard.writeText(field.value) : Promise.reject();
  copied.catch(() => document.execCommand("copy")).then(() => { button.textContent = button.dataset.done; });
});
