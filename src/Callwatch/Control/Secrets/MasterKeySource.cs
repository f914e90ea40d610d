using System.Diagnostics;

namespace Callwatch.Control.Secrets;

/// <summary>Where the master key comes from: a setting, a file, a command, or the data folder's own file.</summary>
internal sealed class MasterKeySource
{
    public const string FileName = "master.key";

    /// <summary>There while the master key is being changed.</summary>
    public const string NextFileName = "master.key.next";

    private const string Making = "Make one with: openssl rand -base64 32";
    private const int MostBytes = 4_096;
    private static readonly TimeSpan CommandTime = TimeSpan.FromSeconds(10);

    private readonly SecretsOptions options;

    /// <exception cref="StartRefusedException">The settings contradict each other, or hold no key.</exception>
    public MasterKeySource(SecretsOptions options, string dataFolder)
    {
        this.options = options;
        OwnFile = Path.Combine(dataFolder, FileName);
        NextFile = Path.Combine(dataFolder, NextFileName);
        string[] given = [.. Settings(options).Where(setting => !string.IsNullOrWhiteSpace(setting.Value)).Select(setting => setting.Name)];
        if (given.Length > 1) throw Bad(given[1], $"is given beside {given[0]}", "Give one of MasterKey, MasterKeyFile and MasterKeyCommand.");
        Name = given.Length == 0 ? FileName : given[0];
        if (options.MasterKey is { } key && Name == nameof(SecretsOptions.MasterKey) && MasterKey.Read(key) is null) throw Bad(Name, "is not base64 of 32 bytes", Making + ".");
        if (Name == nameof(SecretsOptions.MasterKeyFile) && ReadFile(options.MasterKeyFile!) is MasterKeyAnswer.Missing missing) throw Bad(Name, "gives no master key", missing.Problem);
        if (string.IsNullOrWhiteSpace(options.PreviousMasterKey)) return;
        Previous = MasterKey.Read(options.PreviousMasterKey) ?? throw Bad(nameof(SecretsOptions.PreviousMasterKey), "is not base64 of 32 bytes", "Give the key that was in use before, or take the setting away.");
    }

    /// <summary>The setting it comes from, or <c>master.key</c>.</summary>
    public string Name { get; }

    public bool IsOwnFile => Name == FileName;

    /// <summary>It can be another one without a new start.</summary>
    public bool CanBeReadAgain => Name != nameof(SecretsOptions.MasterKey);

    public string OwnFile { get; }

    public string NextFile { get; }

    public MasterKey? Previous { get; }

    public MasterKeyAnswer Read() => Name switch
    {
        nameof(SecretsOptions.MasterKey) => new MasterKeyAnswer.Found(MasterKey.Read(options.MasterKey!)!),
        nameof(SecretsOptions.MasterKeyFile) => ReadFile(options.MasterKeyFile!),
        nameof(SecretsOptions.MasterKeyCommand) => Run(options.MasterKeyCommand!),
        _ => ReadFile(OwnFile),
    };

    public static MasterKeyAnswer ReadFile(string file)
    {
        try
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            if (stream.Length > MostBytes) return new MasterKeyAnswer.Missing($"{file} is too large to be a key. {Making} > {file}");
            using var text = new StreamReader(stream);
            return MasterKey.Read(text.ReadToEnd()) is { } key ? new MasterKeyAnswer.Found(key)
                : new MasterKeyAnswer.Missing($"{file} does not hold base64 of 32 bytes. Put the master key back that it held; for a new one: openssl rand -base64 32 > {file}");
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return new MasterKeyAnswer.Missing($"{file} is missing. Put it back from where it is kept: no backup holds it.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new MasterKeyAnswer.Missing($"{file} cannot be read ({e.GetType().Name}). Let the user that callwatch runs as read it.");
        }
    }

    // What it printed, also on standard error, is not repeated: it may be the key.
    private static MasterKeyAnswer Run(string command)
    {
        const string Setting = SecretsOptions.Section + ":" + nameof(SecretsOptions.MasterKeyCommand);
        var start = new ProcessStartInfo(OperatingSystem.IsWindows() ? "cmd.exe" : "/bin/sh", [OperatingSystem.IsWindows() ? "/c" : "-c", command])
        {
            UseShellExecute = false,
            CreateNoWindow = true,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try
        {
            using var process = Process.Start(start)!;
            process.StandardInput.Close();
            var printed = "";

            // Taken now: a thread that begins late may find the command ended, and nothing to ask for them.
            var (output, errors) = (process.StandardOutput, process.StandardError);
            var reading = new Thread(() => printed = Printed(output)) { IsBackground = true, Name = "master key command" };
            var draining = new Thread(() => Printed(errors)) { IsBackground = true, Name = "master key command, errors" };
            reading.Start();
            draining.Start();
            if (!process.WaitForExit(CommandTime) || !reading.Join(CommandTime))
            {
                process.Kill(entireProcessTree: true);
                return new MasterKeyAnswer.Missing($"The command of {Setting} did not end within {CommandTime.TotalSeconds:0} s.");
            }

            if (process.ExitCode != 0) return new MasterKeyAnswer.Missing($"The command of {Setting} ended with exit code {process.ExitCode}. Run it by hand as the user that callwatch runs as.");
            return MasterKey.Read(printed) is { } key ? new MasterKeyAnswer.Found(key) : new MasterKeyAnswer.Missing($"The command of {Setting} did not print base64 of 32 bytes.");
        }
        catch (Exception e) when (e is System.ComponentModel.Win32Exception or IOException or InvalidOperationException)
        {
            return new MasterKeyAnswer.Missing($"The command of {Setting} could not be run ({e.GetType().Name}).");
        }
    }

    private static string Printed(StreamReader stream)
    {
        try
        {
            var text = new char[MostBytes];
            var length = stream.ReadBlock(text);

            // The rest is read too, so that the command can end.
            while (length == MostBytes && stream.Read(new char[MostBytes]) > 0)
            {
            }

            return new string(text, 0, length);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // It was ended.
            return "";
        }
    }

    private static (string Name, string? Value)[] Settings(SecretsOptions options) =>
        [(nameof(options.MasterKey), options.MasterKey), (nameof(options.MasterKeyFile), options.MasterKeyFile), (nameof(options.MasterKeyCommand), options.MasterKeyCommand)];

    private static StartRefusedException Bad(string setting, string problem, string cure) => new(new StartRefusal.BadSetting(SecretsOptions.Section + ":" + setting, problem, cure));
}
