/* Keeps a session's texts in localStorage, and gives a fresh session those that were kept: nothing is written over them before it has taken them in. */
const LARGE = 20000; // characters of a component's state, which travels with every click
const AGAIN = 1500; // milliseconds until what the session has not taken in is said again: a page that is being drawn may not hear it
const TIMES = 5;
const tabs = new Map(); // key -> what this tab knows of it: the server's session, the text that is kept, whether that session has heard
const read = (name) => { try { return localStorage.getItem(name) ?? ""; } catch { return ""; } };
function write(key, tab) {
  if (!tab.settled || tab.said === tab.text) return;
  tab.said = tab.text;
  try { tab.text ? localStorage.setItem(key, tab.text) : localStorage.removeItem(key); } catch { /* full, or forbidden: the session still has it */ }
}
function settle(tab) { // of what a slot said before it could know what was kept, only changes are written
  tab.settled = true;
  if (tab.after) tab.said = tab.first;
}
export default function ({ data, setStateValue, parentElement }) {
  const { key, text, largest, session, also, after, restore, taken } = data;
  let tab = tabs.get(key);
  if (tab?.session !== session) { // a fresh session, after F5 or a lost connection: it knows nothing yet; a module is loaded anew with the page
    tab = { session, said: read(key), first: text, after, settled: false, asked: "", size: 0, place: null };
    tabs.set(key, tab);
  }
  tab.text = text;
  const small = (...texts) => texts.every((one) => one.length <= largest);
  const tell = (theirs, beside, first) => {
    tab.asked = `${first ? "first" : "then"} ${crypto.getRandomValues(new Uint32Array(2)).join("")}`;
    [tab.size, tab.place] = [theirs.length + beside.length, parentElement];
    const word = { session, key, text: theirs, also: beside, first, id: tab.asked };
    tab.heard = false;
    const say = (time) => {
      if (time && (tab.heard || tab.asked !== word.id || tabs.get(key) !== tab || !parentElement.isConnected)) return;
      setStateValue("kept", { ...word, time }); // the session takes in one id once
      if (first && time < TIMES) setTimeout(say, AGAIN * (time + 1), time + 1);
    };
    say(0);
  };
  const beside = also && !tab.settled ? read(also) : "";
  const heard = taken !== "" && taken === tab.asked;
  if (heard) tab.heard = true;
  if (!tab.settled && restore) {
    const other = ((tab.said && tab.said !== text) || beside) && small(tab.said, beside);
    if (other && !heard) {
      if (tab.place !== parentElement) tell(tab.said, beside, true); // once, and again on another page if this one was left too early
    } else {
      settle(tab);
      for (const [name, one] of tabs) if (one.after === key && one.session === session && !one.settled) { settle(one); write(name, one); }
    }
  } else if (!tab.settled && (!after || (tabs.get(after)?.session === session && tabs.get(after).settled))) settle(tab);
  if (heard && tab.size > LARGE) { tab.size = 0; setStateValue("kept", null); }
  write(key, tab);
  const hear = (event) => {
    if (!restore || event.key !== key) return;
    const theirs = event.newValue ?? "";
    if (!small(theirs) || theirs === tab.said) return;
    if (!tab.settled) tab.said = theirs;
    tell(theirs, beside, !tab.settled);
  };
  addEventListener("storage", hear);
  return () => removeEventListener("storage", hear);
}
