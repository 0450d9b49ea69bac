/* Streamlit's uploader takes time that grows with the square of the number of files, and the page answers nothing meanwhile: many files are
   handed to it some at a time, the next ones once the page has taken those before. */
const uploaders = new Map(); // key -> the number of its present widget, and the files that wait
let listening = false, giving = false;
const inputOf = (key, nonce) => document.querySelector(`.st-key-${CSS.escape(`${key}-${nonce}`)} input[type=file]`);
function give(input, files) {
  const transfer = new DataTransfer();
  for (const file of files) transfer.items.add(file);
  input.files = transfer.files;
  giving = true;
  input.dispatchEvent(new Event("change", { bubbles: true }));
  giving = false;
}
// Of a folder: each batch holds some of every part of it, for what the files' names say of their classes is judged by all that come together.
function mixed(files, most) {
  const step = Math.ceil(files.length / most), order = [];
  for (let first = 0; first < step; first++) for (let i = first; i < files.length; i += step) order.push(files[i]);
  return order;
}
function split(event, files, most) {
  for (const [key, one] of uploaders) {
    const input = inputOf(key, one.nonce), box = input?.closest(".stFileUploader, [data-testid=stFileUploader]");
    if (giving || !box?.contains(event.target) || !input.multiple) continue;
    one.waiting = [];
    if (files.length <= most) return;
    event.stopImmediatePropagation();
    event.preventDefault();
    const all = input.webkitdirectory ? mixed(files, most) : files;
    one.waiting = all.slice(most);
    give(input, all.slice(0, most));
    return;
  }
}
export default function ({ data: { key, nonce, most } }) {
  const before = uploaders.get(key), waiting = before?.waiting ?? [];
  uploaders.set(key, { nonce, waiting });
  if (!listening) {
    listening = true;
    document.addEventListener("change", (event) => event.target.type === "file" && split(event, [...event.target.files], most), true);
    document.addEventListener("drop", (event) => split(event, [...(event.dataTransfer?.files ?? [])], most), true);
  }
  if (!waiting.length || before.nonce === nonce) return;
  let looks = 600; // at most ten seconds of frames
  const next = () => {
    const input = inputOf(key, nonce), now = uploaders.get(key);
    if (now.nonce !== nonce) return;
    if (!input) return void (looks-- > 0 ? requestAnimationFrame(next) : (now.waiting = []));
    const files = now.waiting;
    now.waiting = files.slice(most);
    give(input, files.slice(0, most));
  };
  requestAnimationFrame(next);
}
