using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Callwatch.Client.Api;

namespace Callwatch.Cli.Commands.Destinations;

/// <summary>
/// The fields of a config. A secret on the command line is seen by whoever lists the machine's processes and stays in the shell's history:
/// so each field may also come from a variable, a file or standard input.
/// </summary>
internal sealed class ConfigOptions
{
    private readonly Option<string[]> set = new("--set") { Description = "A field of the config; of headers and the like: headers.NAME=VALUE. May repeat", HelpName = "FIELD=VALUE" };
    private readonly Option<string[]> variable = new("--set-env") { Description = "A field whose value stands in an environment variable: for secrets", HelpName = "FIELD=VARIABLE" };
    private readonly Option<string[]> file = new("--set-file") { Description = "A field whose value stands in a file, - for standard input: for secrets", HelpName = "FIELD=PATH" };

    public ConfigOptions(Command command)
    {
        foreach (var option in (Option<string[]>[])[set, variable, file])
        {
            option.Validators.Add(result =>
            {
                // What was given is not repeated: it may be a secret.
                if (result.Tokens.Any(token => token.Value.IndexOf('=', StringComparison.Ordinal) <= 0)) result.AddError($"{option.Name} takes {option.HelpName}.");
            });
            command.Options.Add(option);
        }
    }

    /// <summary>The config, by the kind's types; or why it cannot be had. Null where no field is given.</summary>
    public async Task<(JsonObject? Config, string? Objection)> ReadAsync(ParseResult parsed, IReadOnlyList<ApiDestinationField> fields, CancellationToken cancel)
    {
        var config = new JsonObject();
        foreach (var (name, value) in Pairs(parsed, set)) Put(config, name, value, fields);
        foreach (var (name, from) in Pairs(parsed, variable))
        {
            if (Environment.GetEnvironmentVariable(from) is not { Length: > 0 } value) return (null, $"the environment variable {from} is not set.");
            Put(config, name, value, fields);
        }

        foreach (var (name, path) in Pairs(parsed, file))
        {
            try
            {
                Put(config, name, await ReadAsync(path, cancel), fields);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return (null, $"{path} cannot be read: {e.Message.ReplaceLineEndings(" ")}");
            }
        }

        return (config.Count == 0 ? null : config, null);
    }

    // The line break that editors and echo put at the end belongs to no key.
    private static async Task<string> ReadAsync(string path, CancellationToken cancel) =>
        (path == "-" ? await Console.In.ReadToEndAsync(cancel) : await File.ReadAllTextAsync(path, cancel)).TrimEnd('\r', '\n');

    private static IEnumerable<(string Name, string Value)> Pairs(ParseResult parsed, Option<string[]> option) =>
        (parsed.GetValue(option) ?? []).Select(pair => (pair[..pair.IndexOf('=', StringComparison.Ordinal)], pair[(pair.IndexOf('=', StringComparison.Ordinal) + 1)..]));

    // What does not fit its type goes as text: the server says what would be right.
    private static void Put(JsonObject config, string name, string value, IReadOnlyList<ApiDestinationField> fields)
    {
        var dot = name.IndexOf('.', StringComparison.Ordinal);
        if (dot > 0 && fields.Any(field => field.Name == name[..dot] && field.Type == "pairs"))
        {
            if (config[name[..dot]] is not JsonObject pairs) config[name[..dot]] = pairs = [];
            pairs[name[(dot + 1)..]] = value;
            return;
        }

        config[name] = fields.FirstOrDefault(field => field.Name == name)?.Type switch
        {
            "switch" when bool.TryParse(value, out var on) => on,
            "number" when double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) => number,
            _ => value,
        };
    }
}
