using System.Net.Sockets;
using System.Text.RegularExpressions;
using Callwatch.Journal.Disk;
using Callwatch.Server.Hosting;
using Microsoft.AspNetCore.Connections;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Options;

namespace Callwatch.Cli.Serving;

/// <summary>What kept the server from starting, as a <see cref="StartRefusal"/>; null for what is a bug and must be seen as one.</summary>
internal static class StartTrouble
{
    /// <param name="listeners">Null when the settings of the addresses had not been read yet.</param>
    /// <param name="data">The data folder.</param>
    /// <param name="isOutOfFiles">Whether this process can open none any more; null to try.</param>
    public static StartRefusal? Of(Exception e, Listeners? listeners, string data, Func<bool>? isOutOfFiles = null) => e switch
    {
        StartRefusedException refused => refused.Refusal,
        OptionsValidationException invalid => new StartRefusal.InvalidSettings([.. Named(invalid)]),
        AggregateException many when many.InnerExceptions.All(inner => inner is OptionsValidationException) =>
            new StartRefusal.InvalidSettings([.. many.InnerExceptions.Cast<OptionsValidationException>().SelectMany(Named)]),
        InvalidOperationException { Source: "Microsoft.Extensions.Configuration.Binder" } => NotOfItsType(e.Message),
        IOException { InnerException: AddressInUseException } when listeners is not null => InUse(e.Message, listeners),
        SocketException socket when listeners is not null => CannotListen(socket, listeners),
        IOException when (e.HResult & 0xFFFF) is 23 or 24 => new StartRefusal.TooFewFiles(),
        SqliteException sqlite => OfDatabase(sqlite, data, isOutOfFiles ?? IsOutOfFiles),
        IOException when FullDisk.Is(e) => new StartRefusal.DataNotNow(data, Words(e)),
        IOException or UnauthorizedAccessException when e.Message.Contains(data, StringComparison.Ordinal) => new StartRefusal.DataUnusable(data, Words(e)),
        _ => null,
    };

    // What SQLite says of a wrong statement is a bug, and no advice about the folder would help.
    private static StartRefusal? OfDatabase(SqliteException e, string data, Func<bool> isOutOfFiles) => e.SqliteErrorCode switch
    {
        SQLitePCL.raw.SQLITE_CANTOPEN when isOutOfFiles() => new StartRefusal.TooFewFiles(),
        SQLitePCL.raw.SQLITE_CANTOPEN or SQLitePCL.raw.SQLITE_READONLY or SQLitePCL.raw.SQLITE_PERM or SQLitePCL.raw.SQLITE_AUTH
            or SQLitePCL.raw.SQLITE_NOTADB or SQLitePCL.raw.SQLITE_CORRUPT => new StartRefusal.DataUnusable(data, Words(e)),
        SQLitePCL.raw.SQLITE_BUSY or SQLitePCL.raw.SQLITE_LOCKED or SQLitePCL.raw.SQLITE_IOERR or SQLitePCL.raw.SQLITE_FULL or SQLitePCL.raw.SQLITE_PROTOCOL =>
            new StartRefusal.DataNotNow(data, Words(e)),
        _ => null,
    };

    // SQLite does not say why it could not open a file. It needs a few for one database: file, log, and shared memory.
    private static bool IsOutOfFiles()
    {
        var opened = new List<IDisposable>();
        try
        {
            for (var i = 0; i < 4; i++) opened.Add(File.OpenHandle(Environment.ProcessPath!));
            return false;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return (e.HResult & 0xFFFF) is 23 or 24;
        }
        finally
        {
            foreach (var file in opened) file.Dispose();
        }
    }

    private static string Words(Exception e) => e.Message.ReplaceLineEndings(" ").TrimEnd('.');

    // The framework's own checks say "MaxAge: The field JournalOptions.MaxAge must be between ..."; the full key is what one has to mend.
    private static IEnumerable<string> Named(OptionsValidationException invalid) => invalid.Failures.Select(failure =>
    {
        var match = Regex.Match(failure, @"^(?<name>\w+): The field \S+ (?<rest>.*)$", RegexOptions.ExplicitCapture | RegexOptions.Singleline | RegexOptions.NonBacktracking);
        return match.Success && KnownSettings.OptionsTypes.Contains(invalid.OptionsType)
            ? $"{KnownSettings.SectionOf(invalid.OptionsType)}:{match.Groups["name"].Value} {match.Groups["rest"].Value}"
            : failure;
    });

    // "Failed to convert configuration value 'x' at 'Callwatch:Http:DrainTime' to type 'System.TimeSpan'."
    private static StartRefusal.BadSetting NotOfItsType(string message)
    {
        var key = Regex.Match(message, "at '(?<key>[^']+)'", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking).Groups["key"].Value;
        var type = Regex.Match(message, @"type '(System\.)?(?<type>[^']+)'", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking).Groups["type"].Value;
        return new StartRefusal.BadSetting(key.Length == 0 ? "A setting" : key, "holds what it must not", type switch
        {
            "TimeSpan" => "Give a time as HH:MM:SS.",
            "Boolean" => "Give true or false.",
            "Int32" or "Int64" => "Give a whole number.",
            _ => "Give a " + (type.Length == 0 ? "legal value" : type) + ".",
        });
    }

    // "Failed to bind to address http://127.0.0.1:4318: address already in use."
    private static StartRefusal.PortInUse InUse(string message, Listeners listeners)
    {
        var address = Regex.Match(message, @"https?://(\[[^\]]*\]|[^:\s]+):\d+", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking).Value;
        return new StartRefusal.PortInUse(address, FlagFor(address, listeners));
    }

    // Kestrel says nothing of the address here: no permission for a low port, or an address that this machine does not have.
    private static StartRefusal.CannotListen CannotListen(SocketException e, Listeners listeners)
    {
        var addresses = string.Join(", ", listeners.Configured.Select(address => address.ToUrl(address.Port)));
        return new StartRefusal.CannotListen(addresses, e.Message.ReplaceLineEndings(" ").TrimEnd('.'), "--urls or --grpc-port (Callwatch:Http:Urls, Callwatch:Http:GrpcPort)");
    }

    private static string FlagFor(string address, Listeners listeners) =>
        listeners.GrpcPort is { } port && address.EndsWith(":" + port.ToString(System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal)
            ? "--grpc-port PORT, or --grpc-port off (Callwatch:Http:GrpcPort)"
            : "--urls http://127.0.0.1:PORT (Callwatch:Http:Urls)";
}
