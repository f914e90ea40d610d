using System.Globalization;

namespace Callwatch.Cli.Connecting;

/// <summary>
/// Which data folder the server behind a loopback port uses, so that commands of the same person on the same machine find its
/// <c>admin.key</c>: one small file per port in the person's own application data, there while the server runs. Without a home nothing is kept.
/// </summary>
internal static class LocalServers
{
    public static void Announce(IEnumerable<int> ports, string dataFolder)
    {
        if (Folder() is not { } folder) return;
        try
        {
            Directory.CreateDirectory(folder);
            foreach (var port in ports) File.WriteAllText(FileOf(folder, port), dataFolder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A help that this account cannot have; --key does the same.
        }
    }

    public static void Withdraw(IEnumerable<int> ports, string dataFolder)
    {
        foreach (var port in ports)
        {
            if (DataFolderOf(port) != dataFolder) continue;
            try
            {
                File.Delete(FileOf(Folder()!, port));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Overwritten by the next server on this port.
            }
        }
    }

    /// <summary>Null when no server of this person has said that it listens there.</summary>
    public static string? DataFolderOf(int port)
    {
        try
        {
            return Folder() is { } folder && File.Exists(FileOf(folder, port)) ? File.ReadAllText(FileOf(folder, port)).Trim() : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The address of this person's server that uses a data folder; null when none has said so.</summary>
    public static string? AddressOf(string dataFolder)
    {
        try
        {
            if (Folder() is not { } folder || !Directory.Exists(folder)) return null;
            var file = Directory.EnumerateFiles(folder).FirstOrDefault(file => File.ReadAllText(file).Trim() == dataFolder);
            return file is null ? null : "http://127.0.0.1:" + Path.GetFileName(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static string? Folder()
    {
        var home = Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify);
        return home.Length == 0 ? null : Path.Combine(home, "callwatch", "servers");
    }

    private static string FileOf(string folder, int port) => Path.Combine(folder, port.ToString(CultureInfo.InvariantCulture));
}
