/* Keeps a person's own pictures in IndexedDB, and gives a fresh session those that were kept: until it has taken them in, nothing is written over. */
const tabs = new Map(); // study -> the server's session, the pictures that this tab has had, and whether that session has heard of what was kept
const asked = (request) => new Promise((resolve, reject) => { request.onsuccess = () => resolve(request.result); request.onerror = () => reject(request.error); });
let opened = null;
function database() {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open("niwt", 1);
    request.onupgradeneeded = () => request.result.createObjectStore("pictures", { keyPath: ["study", "key"] });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  return opened;
}
async function keep({ study, session, keys, fresh, marks, most, taken }, tell, place) {
  const store = (await database()).transaction("pictures", "readwrite").objectStore("pictures");
  const kept = await asked(store.getAll(IDBKeyRange.bound([study, ""], [study, "\uffff"])));
  const pictures = kept.filter((one) => one.key !== "~marks").sort((a, b) => a.at - b.at);
  let tab = tabs.get(study);
  if (tab?.session !== session) { // a fresh session, after F5 or a lost connection: it knows nothing yet
    tab = { session, had: new Set(keys), settled: false, asked: "", place: null, full: false };
    tabs.set(study, tab);
  }
  if (!tab.settled) {
    const missing = pictures.filter((one) => !keys.includes(one.key)).slice(-most);
    tab.settled = !missing.length || (taken !== "" && taken === tab.asked);
    if (!tab.settled && tab.place === place) return;
    if (!tab.settled) { // told once, and again on another page if this one was left too early
      [tab.asked, tab.place, tab.full] = [`${crypto.getRandomValues(new Uint32Array(2)).join("")}`, place, true];
      const before = kept.find((one) => one.key === "~marks")?.marks ?? {};
      return void tell("kept", { study, session, pictures: missing.map(({ key, name, data }) => ({ key, name, data })), marks: before, id: tab.asked });
    }
  }
  for (const [i, one] of fresh.entries()) store.put({ ...one, study, at: Date.now() + i / 1000 });
  if (marks) store.put({ study, key: "~marks", marks });
  for (const key of tab.had) if (!keys.includes(key)) { store.delete([study, key]); tab.had.delete(key); }
  for (const key of keys) tab.had.add(key);
  for (const one of pictures.slice(0, Math.max(0, pictures.length + fresh.length - 2 * most))) if (!keys.includes(one.key)) store.delete([study, one.key]);
  if (fresh.length) tell("have", { study, session, keys: fresh.map((one) => one.key) });
  if (tab.full) { tab.full = false; tell("kept", null); } // it would travel with every click
}
let last = Promise.resolve();
export default function ({ data, setStateValue, parentElement }) {
  last = last.then(() => keep(data, setStateValue, parentElement)).catch(() => {}); // no room, or forbidden: the session still has them
}
