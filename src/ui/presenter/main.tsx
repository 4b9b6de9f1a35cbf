import { render } from "preact";
import "../styles/tokens.css";
import "../styles/base.css";
import "../styles/layout.css";
import "../styles/workshop.css";
import "../styles/presenter.css";
import "../prefs.ts";
import { Presenter } from "./presenter.tsx";

render(<Presenter channel={location.hash.slice(1)} />, document.getElementById("app")!);
