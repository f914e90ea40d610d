using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Callwatch.Cli.Showing;
using Callwatch.Client.Api;
using Callwatch.Control;
using Callwatch.Server.Endpoints;
using Callwatch.Telemetry;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Options;

namespace Callwatch.Cli.Commands;

/// <summary>The keys of a data folder, without a server. A running one sees what is made here at once.</summary>
internal sealed class KeyFolder(Keys keys, Apps apps, bool json)
{
    private const string Who = "the command line, on the data folder";

    public static int With(string folder, bool json, Func<KeyFolder, int> act)
    {
        var file = new CallwatchOptions { Data = folder }.ControlFile;
        if (!File.Exists(file))
        {
            Console.Error.WriteLine($"callwatch: {Path.GetFullPath(folder)} is no data folder: a server's first start makes one (callwatch serve --data DIR).");
            return CommandLine.Misuse;
        }

        try
        {
            using var db = new ControlDb(file);
            var apps = new Apps(db, TimeProvider.System, new Counters(), Options.Create(new ControlOptions()));
            return act(new KeyFolder(new Keys(db, TimeProvider.System), apps, json));
        }
        catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException or StartRefusedException)
        {
            Console.Error.WriteLine($"callwatch: cannot use {file}: {e.Message.ReplaceLineEndings(" ")}");
            return CommandLine.Failed;
        }
    }

    public int Create(KeyWish wish)
    {
        // Whoever may write the folder may do everything in it.
        switch (new KeyDesk(keys, apps).Make(Tenants.DefaultId, wish, Enum.GetValues<KeyScopes>().Aggregate((all, scope) => all | scope), Who))
        {
            case KeyWishAnswer.Made made when json:
                return Print(made.Key.ToApi(apps), ApiJson.Default.ApiNewAccessKey);
            case KeyWishAnswer.Made made:
                KeyTable.ShowNew(made.Key.ToApi(apps));
                return CommandLine.Fine;
            case KeyWishAnswer.Refused refused:
                Console.Error.WriteLine($"callwatch: {refused.Field}: {Plain.Text(refused.Message)}");
                return CommandLine.Misuse;
            case KeyWishAnswer.Full full:
                Console.Error.WriteLine($"callwatch: the tenant has {full.Most} keys in force, and no more are allowed: revoke one");
                return CommandLine.Failed;
            default:
                throw new InvalidOperationException("Nothing is beyond the owner of the folder.");
        }
    }

    public int List()
    {
        var list = new ApiList<ApiAccessKey> { Items = [.. keys.List(Tenants.DefaultId).Select(key => key.ToApi(apps))] };
        return json ? Print(list, ApiJson.Default.ApiListApiAccessKey) : KeyTable.Show(list);
    }

    public int Revoke(int id)
    {
        if (!keys.Revoke(Tenants.DefaultId, id, Who))
        {
            Console.Error.WriteLine($"callwatch: there is no key {id}.");
            return CommandLine.Failed;
        }

        if (!json) Screen.Line($"Key {id} is revoked.");
        return CommandLine.Fine;
    }

    private static int Print<T>(T value, JsonTypeInfo<T> type)
    {
        Console.WriteLine(JsonSerializer.Serialize(value, type));
        return CommandLine.Fine;
    }
}
