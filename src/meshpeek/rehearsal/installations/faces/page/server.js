// Asking the rehearsal server. `?user=anna` in the page's address is sent on as X-Faces-User.

const user = new URLSearchParams(location.search).get("user") || "unknown";

export async function ask(path) {
  const response = await fetch(path, { headers: { "X-Faces-User": user }, cache: "no-store" });
  if (!response.ok) throw new Error(await response.text());
  return response.json();
}
