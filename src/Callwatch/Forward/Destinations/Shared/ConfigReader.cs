using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;

namespace Callwatch.Forward.Destinations.Shared;

/// <summary>
/// Reads a config by the kind's fields: fills in defaults, trims, checks types and choices, refuses names the kind does not have.
/// The first thing that is wrong stands in <see cref="Wrong"/>; reading goes on with defaults, so that a kind need not check after each field.
/// </summary>
internal sealed class ConfigReader
{
    private readonly JsonObject config;
    private readonly IReadOnlyList<DestinationField> fields;
    private readonly OutboundRules rules;
    private readonly JsonObject normalized = [];
    private readonly List<string> warnings = [];

    public ConfigReader(JsonObject config, IReadOnlyList<DestinationField> fields, OutboundRules rules)
    {
        (this.config, this.fields, this.rules) = (config, fields, rules);
        foreach (var name in config.Select(pair => pair.Key))
            if (fields.All(field => field.Name != name)) Fail(name, $"There is no field '{name}'. The fields are: {string.Join(", ", fields.Select(field => field.Name))}.");
    }

    public ConfigResult.Wrong? Wrong { get; private set; }

    public void Fail(string field, string message) => Wrong ??= new ConfigResult.Wrong(field, message);

    public void Warn(string message) => warnings.Add(message);

    public ConfigResult Result() => Wrong is { } wrong ? wrong : new ConfigResult.Good(normalized, warnings);

    /// <summary>Trimmed; null when it is not given and has no default.</summary>
    public string? Text(string name, int most = 4_096)
    {
        var field = Field(name);
        if (config[name] is { } node && node.GetValueKind() != System.Text.Json.JsonValueKind.String)
        {
            Fail(name, $"'{name}' is a text.");
            return null;
        }

        var text = ((string?)config[name])?.Trim();
        if (string.IsNullOrEmpty(text)) text = (string?)field.Default;
        if (string.IsNullOrEmpty(text))
        {
            if (field.Required) Fail(name, $"'{name}' is missing.");
            return null;
        }

        if (text.Length > most) Fail(name, $"'{name}' has more than {most} characters.");
        if (text.Any(char.IsControl)) Fail(name, $"'{name}' holds a control character.");
        normalized[name] = text;
        return text;
    }

    /// <summary>A text that goes into a header: printable ASCII, or no request could be made with it.</summary>
    public string? Key(string name)
    {
        var key = Text(name);
        if (key?.Any(letter => letter is < ' ' or > '~') == true) Fail(name, $"'{name}' holds a letter that no key has.");
        return key;
    }

    /// <summary>Text in PEM with this label at its end, its lines kept; null when it is not given.</summary>
    public string? Pem(string name, string label)
    {
        if (config[name] is null) return null;
        var text = config[name] is JsonValue value && value.TryGetValue<string>(out var given) ? given.Trim() : null;
        if (text is { Length: 0 }) return null;
        if (text is not { Length: <= 65_536 } || !PemEncoding.TryFind(text, out var found) || !text[found.Label].EndsWith(label, StringComparison.Ordinal) || (label == "CERTIFICATE" && !IsCertificate(text)))
        {
            Fail(name, $"'{name}' is PEM: text that begins with -----BEGIN and holds a {label.ToLowerInvariant()}.");
            return null;
        }

        normalized[name] = text;
        return text;
    }

    private static bool IsCertificate(string pem)
    {
        try
        {
            using var certificate = X509Certificate2.CreateFromPem(pem);
            return true;
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    public string? Choice(string name)
    {
        var text = Text(name);
        if (text is null || Field(name).Choices.Contains(text, StringComparer.Ordinal)) return text;
        Fail(name, $"'{name}' is one of: {string.Join(", ", Field(name).Choices)}.");
        return null;
    }

    public bool Switch(string name)
    {
        var node = config[name] ?? Field(name).Default;
        if (node?.GetValueKind() is System.Text.Json.JsonValueKind.True or System.Text.Json.JsonValueKind.False)
        {
            normalized[name] = node.DeepClone();
            return (bool)node!;
        }

        if (node is not null) Fail(name, $"'{name}' is true or false.");
        return false;
    }

    /// <summary>Within the range, ends included; null when it is not given and has no default.</summary>
    public double? Number(string name, double least, double most)
    {
        var node = config[name] ?? Field(name).Default;
        if (node is null) return null;
        if (node.GetValueKind() != System.Text.Json.JsonValueKind.Number || WorkFacts.Number(node) is not { } number || number < least || number > most)
        {
            Fail(name, $"'{name}' is a number from {least} to {most}.");
            return null;
        }

        normalized[name] = node.DeepClone();
        return number;
    }

    /// <summary>An object whose values are texts; also the one text <c>a=b,c=d</c> that OpenTelemetry's settings have, with percent-encoded values.</summary>
    /// <param name="name">Of the field.</param>
    /// <param name="names">By which the names of headers, say, are the same.</param>
    public IReadOnlyDictionary<string, string> Pairs(string name, StringComparer names)
    {
        var pairs = new Dictionary<string, string>(names);
        if (config[name] is null) return pairs;
        if ((config[name] is JsonValue text && text.TryGetValue<string>(out var list) ? PairsIn(list) : config[name]) is not JsonObject map || map.Any(pair => pair.Value?.GetValueKind() != System.Text.Json.JsonValueKind.String))
        {
            Fail(name, $"'{name}' is an object whose values are texts.");
            return pairs;
        }

        var trimmed = new JsonObject();
        foreach (var (key, value) in map)
        {
            var own = key.Trim();
            if (own.Length == 0) Fail(name, $"'{name}' has a value without a name.");
            else if (!pairs.TryAdd(own, (string)value!)) Fail(name, $"'{name}' names {own} twice.");
            else trimmed[own] = (string)value!;
        }

        normalized[name] = trimmed;
        return pairs;
    }

    private static JsonObject? PairsIn(string list)
    {
        var pairs = new JsonObject();
        foreach (var part in list.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var at = part.IndexOf('=', StringComparison.Ordinal);
            if (at < 1) return null;
            pairs[part[..at].Trim()] = Uri.UnescapeDataString(part[(at + 1)..].Trim());
        }

        return pairs;
    }

    /// <summary>
    /// An absolute http or https address without user, query and fragment, and without a slash at its end. Plain http needs
    /// <paramref name="mayBePlain"/>, or an address the operator has allowed as private. Where the path is not kept, what follows it is dropped as well.
    /// </summary>
    public Uri? Url(string name, bool mayBePlain = true, bool keepPath = true)
    {
        var text = Text(name);
        if (text is null) return null;
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https") || uri.Host.Length == 0)
        {
            Fail(name, $"'{name}' is an absolute address such as https://host.example.");
            return null;
        }

        if (uri.UserInfo.Length > 0) Fail(name, $"'{name}' holds a user or password; use the fields made for keys.");
        if (keepPath && (uri.Query.Length > 0 || uri.Fragment.Length > 0)) Fail(name, $"'{name}' ends at its path: no '?' and no '#'.");
        if (uri.Scheme == "http" && !mayBePlain && !rules.AllowPrivateAddresses && rules.AllowedRanges.Count == 0) Fail(name, $"'{name}' begins with https://; plain http would show the key on its way.");
        var path = keepPath ? uri.AbsolutePath.TrimEnd('/') : "";
        var clean = uri.GetLeftPart(UriPartial.Authority) + path;
        normalized[name] = clean;
        return new Uri(clean);
    }

    /// <summary>Puts another value than the one given, for instance one cleaned further.</summary>
    public void Put(string name, JsonNode? value) => normalized[name] = value;

    private DestinationField Field(string name) => fields.First(field => field.Name == name);
}
