// A button that opens the browser's own print window for the page.
//
// In (args.data): what the button says. What is folded away is opened on paper by the style sheets.

export default function mount({ parentElement, data }) {
  const button = parentElement.querySelector(".print-page");
  button.querySelector("span").textContent = data.words;
  button.onclick = () => window.print();
  return () => { button.onclick = null; };
}
