// Page links have no word for the current page, and on a narrow screen leave the sidebar over the page they open.
const NARROW = "(max-width: 768px)";

function closeSidebar() {
  if (window.matchMedia(NARROW).matches) {
    document.querySelector("[data-testid='stSidebarCollapseButton'] button")?.click();
  }
}

export default function ({ data }) {
  const list = document.querySelector(".st-key-navigation");
  if (!list) return;
  list.setAttribute("role", "navigation");
  list.setAttribute("aria-label", data.label);
  const links = [...list.querySelectorAll("a")];
  for (const link of links) {
    if (link.querySelector("p")?.textContent === data.current) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
    link.addEventListener("click", closeSidebar);
  }
  return () => links.forEach((link) => link.removeEventListener("click", closeSidebar));
}
