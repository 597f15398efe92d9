// Starts the language server when a folder with a project is opened, and stops it at the end. All the rest is the server's.

const { workspace } = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

let client;

exports.activate = () => {
  const settings = workspace.getConfiguration("tidegate");
  const server = { command: settings.get("path"), args: ["lsp", ...settings.get("arguments")] };
  // By pattern, not by language: templates are called sql, jinja-sql or something else, as other extensions have it.
  const documentSelector = [{ scheme: "file", pattern: "**/*.{sql,yml,yaml,md,py}" }];
  client = new LanguageClient("tidegate", "Tidegate", server, { documentSelector });
  return client.start();
};

exports.deactivate = () => client?.stop();
