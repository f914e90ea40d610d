using System.CommandLine;
using Callwatch.Cli.Serving;
using Callwatch.Server.Hosting;

namespace Callwatch.Cli.Commands;

/// <summary><c>callwatch serve</c>: the server, in this process.</summary>
internal static class ServeCommand
{
    private const string SettingPrefix = "--Callwatch:";

    public static Command Create()
    {
        var data = new Option<string?>("--data") { Description = "The data folder, made if missing (setting Callwatch:Data). Default ./callwatch-data", HelpName = "DIR" };
        var urls = new Option<string?>("--urls") { Description = "Where OTLP/HTTP, API and dashboard listen (Callwatch:Http:Urls). Default http://127.0.0.1:4318", HelpName = "URL" };
        var grpcPort = new Option<string?>("--grpc-port") { Description = "Port of OTLP/gRPC, or off (Callwatch:Http:GrpcPort). Default 4317", HelpName = "PORT|off" };
        var demo = new Option<bool>("--demo") { Description = "Send itself realistic traffic of made-up applications" };
        var command = new Command("serve", "Run the server. Any setting can be given as --Callwatch:Section:Key=VALUE.")
        {
            data, urls, grpcPort, demo,
        };
        command.TreatUnmatchedTokensAsErrors = false;
        command.SetAction((parsed, cancel) =>
        {
            var settings = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
            if (!TryReadSettings(parsed.UnmatchedTokens, settings, out var wrong))
            {
                Console.Error.WriteLine($"'{wrong}' is no option of serve. See: callwatch serve --help");
                return Task.FromResult(CommandLine.Misuse);
            }

            // Before anything of the server is loaded: each part of the program is a file, and without it the runtime ends the process in words of its own.
            if (OpenFiles.AreTooFew)
            {
                Console.Error.WriteLine("callwatch: " + new StartRefusal.TooFewFiles().Line);
                return Task.FromResult(CommandLine.Misuse);
            }

            Set(settings, "Callwatch:Data", parsed.GetValue(data));
            Set(settings, "Callwatch:Http:Urls", parsed.GetValue(urls));
            Set(settings, "Callwatch:Http:GrpcPort", parsed.GetValue(grpcPort));
            return ServerRun.UntilStoppedAsync(settings, parsed.GetValue(demo), cancel);
        });
        return command;
    }

    private static void Set(Dictionary<string, string?> settings, string key, string? value)
    {
        if (value is not null) settings[key] = value;
    }

    private static bool TryReadSettings(IReadOnlyList<string> tokens, Dictionary<string, string?> settings, out string? wrong)
    {
        for (var i = 0; i < tokens.Count; i++)
        {
            wrong = tokens[i];
            if (!wrong.StartsWith(SettingPrefix, StringComparison.OrdinalIgnoreCase)) return false;
            var equals = wrong.IndexOf('=', StringComparison.Ordinal);
            if (equals < 0 && i + 1 == tokens.Count) return false;
            if (equals < 0) settings[wrong[2..]] = tokens[++i];
            else settings[wrong[2..equals]] = wrong[(equals + 1)..];
        }

        wrong = null;
        return true;
    }
}
