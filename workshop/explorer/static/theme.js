/* Dark or light, kept by the browser. */
export function theme() {
  const button = document.getElementById("dark");
  const set = (dark) => {
    document.documentElement.dataset.theme = dark ? "dark" : "light";
    button.setAttribute("aria-pressed", String(dark));
  };
  let dark = false;
  try { dark = localStorage.getItem("dark") === "1"; } catch { /* storage may be closed to us */ }
  set(dark);
  button.addEventListener("click", () => {
    dark = !dark;
    set(dark);
    try { localStorage.setItem("dark", dark ? "1" : "0"); } catch { /* then only this page knows */ }
  });
}
