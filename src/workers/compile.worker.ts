import { expose } from "comlink";
import { CompileService } from "./compile-service.ts";

expose(new CompileService());
