// A button that opens the browser's own print window for the page.
//
// In (args.data): what the button says, and what the page is about: when that changes while the head
// of the page is out of sight, it is brought into sight. What is folded away is opened on paper by
// the style sheets.

const HEAD = ".cg-lead";

export default function mount({ parentElement, data }) {
  const button = parentElement.querySelector(".print-page");
  button.querySelector("span").textContent = data.words;
  const before = button.dataset.about;
  button.dataset.about = data.about;
  const gone = button.getBoundingClientRect().top < 0;
  if (before !== undefined && before !== data.about && gone) {
    document.querySelector(HEAD)?.scrollIntoView({ block: "center" });
  }
  button.onclick = () => window.print();
  return () => { button.onclick = null; };
}
