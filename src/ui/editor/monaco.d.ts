declare module "monaco-editor/editor/editor.api.js" {
  export * from "monaco-editor";
}
declare module "monaco-editor/features/*";
declare module "monaco-editor/languages/*";
declare module "monaco-editor/editor/contrib/*";
declare module "*.css";
