// Streamlit sets no cookies of an app. This one lets a person in again after a reload and in other tabs.
export default function ({ data }) {
  const secure = window.location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `${data.name}=${data.value}; Max-Age=${data.seconds}; Path=${data.path}; SameSite=Strict${secure}`;
}
