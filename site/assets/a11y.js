// Names for landmarks that the theme leaves without one.
(() => {
  const name = () => {
    document.querySelector(".md-search[role=dialog]")?.setAttribute("aria-label", "Search");
    document.querySelectorAll("nav.md-code__nav").forEach((nav, i) => nav.setAttribute("aria-label", `Code actions ${i + 1}`));
    document.querySelectorAll("nav[aria-labelledby]").forEach((nav) => {
      if (document.getElementById(nav.getAttribute("aria-labelledby"))?.textContent.trim()) return;
      nav.removeAttribute("aria-labelledby"); // a section with a page of its own: its label is an arrow alone
      nav.setAttribute("aria-label", nav.querySelector(".md-nav__title")?.textContent.trim() ?? "Section");
    });
    document.querySelectorAll(".md-typeset__scrollwrap, .md-typeset pre > code, .tabbed-labels").forEach((box) => {
      if (box.scrollWidth > box.clientWidth) box.tabIndex = 0; // what scrolls has to be reachable by keyboard
    });
  };
  window.document$ ? window.document$.subscribe(() => setTimeout(name)) : addEventListener("DOMContentLoaded", name);
})();
